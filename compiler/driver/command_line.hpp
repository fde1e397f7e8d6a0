// The command line as values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "compiler/base/diagnostic.hpp"
#include "compiler/driver/node_options.hpp"
#include "compiler/net/address.hpp"

namespace portcullis::driver {

// Exit statuses (sysexits where one fits).
inline constexpr int exit_done = 0;
inline constexpr int exit_findings = 1;
inline constexpr int exit_input = 2;
inline constexpr int exit_unknown = 3;
inline constexpr int exit_usage = 64;
inline constexpr int exit_internal = 70;

enum class Color { automatic, always, never };

// Options that every command with an input has.
struct Common {
  std::vector<std::string> paths;     // files, directories, `-`
  std::vector<std::string> clusters;  // NAME=PATH
  std::optional<std::string> ns;      // -n
  std::optional<std::string> config;  // --config FILE
  std::optional<std::string> lock;    // --lock FILE
  std::vector<std::string> outputs;   // -o, as written
  unsigned jobs = 0;                  // 0: as many as the machine has processors
  Color color = Color::automatic;
  bool quiet = false;
  bool verbose = false;
};

// Options of commands that prove.
enum class ProveBy { shapes, each, plain };
struct ProofOptions {
  ProveBy by = ProveBy::shapes;        // --prove
  std::optional<std::string> dump;     // --dump-smt DIR
  std::optional<std::string> cache;    // --cache DIR
  std::optional<std::uint64_t> limit;  // --limit STEPS of the solver, a query
  bool explain = false;
};

struct LintCommand {
  Common common;
  std::optional<std::string> fail_on;  // `error`, `warning`, `never`
};
struct CheckCommand {
  Common common;
  std::vector<std::string> policies;   // -p: files, or directories of *.policy
  std::optional<std::string> fail_on;  // as of lint
  std::optional<std::string> now;      // --now: the day on which waivers are judged
  ProofOptions proof;
};
enum class Target { nftables, iptables, ebpf, haproxy, ir };
// Where a proxy sends requests.
enum class Upstreams { endpoints, cluster_ip };
struct CompileCommand {
  Common common;
  Target to = Target::nftables;
  std::optional<std::string> node;
  bool all_nodes = false;
  std::optional<net::Family> family;
  std::optional<std::string> klass;            // --class: of haproxy, whose router
  Upstreams upstreams = Upstreams::endpoints;  // --upstreams: of haproxy
  bool write_lock = false;
  bool validate = true;
  ProofOptions proof;
};
struct ResolveCommand {
  Common common;
  bool write_lock = false;
};
struct TraceCommand {
  Common common;  // the last of its paths may be the packet
  std::optional<std::string> node;
  std::optional<std::string> packets;  // --packets FILE
};
struct VerifyCommand {
  Common common;
  std::optional<std::string> node;
  std::vector<std::string> rulesets;     // --ruleset FILE
  std::optional<std::string> addresses;  // --addresses FILE
  ProofOptions proof;
};
struct DiffCommand {
  // Two paths; or one or two revisions and what they are read below; or with `dialects` any input.
  Common common;
  std::optional<std::vector<std::string>> below;  // paths behind `--`: the words before it are revisions
  std::vector<std::string> policies;              // -p, as of check
  std::optional<std::string> dialects;            // --dialect A,B
  std::optional<std::string> node;
  bool exit_code = false;
  ProofOptions proof;
};
struct ExplainCommand {
  std::optional<std::string> code;  // a code or a name; absent: list them
  Color color = Color::automatic;
};
using Command = std::variant<LintCommand, CheckCommand, CompileCommand, ResolveCommand, TraceCommand, VerifyCommand,
                             DiffCommand, ExplainCommand, NodeCommand>;

// Nothing when there is nothing to do: help and version were printed (`status` 0), or the line makes no sense (64, said
// on stderr).
struct Parsed {
  std::optional<Command> command;
  int status = exit_done;
};
[[nodiscard]] Parsed parse_command_line(int argc, const char* const* argv);

}  // namespace portcullis::driver
