#include "compiler/driver/command_line.hpp"

#include <algorithm>
#include <map>
#include <memory>

#include <CLI/CLI.hpp>

#include "compiler/driver/node_command_line.hpp"
#include "compiler/driver/output.hpp"

namespace portcullis::driver {

namespace {

constexpr const char* main_footer =
    "Examples:\n"
    "  portcullis lint manifests/                                          what is wrong with them\n"
    "  portcullis check manifests/ -p rules.policy                         and what can be proved of them\n"
    "  portcullis compile manifests/ --to nftables --node node-a           the ruleset of one node\n"
    "  portcullis compile manifests/ --to iptables --all-nodes -o out/     files of every node\n"
    "  portcullis trace manifests/ 'tcp from 192.0.2.7 to 10.96.0.20:80'   where one packet goes, and which line says "
    "so\n"
    "  portcullis resolve manifests/ -o yaml                               the cluster with all that planning filled "
    "in\n"
    "  helm template shop/ | portcullis lint -                             from another tool\n"
    "  portcullis apply out/node-a                                         on a node: load what was compiled for it\n"
    "\n"
    "Exit status: 0 done; 1 lint or check has an error finding, or something is refuted; 2 something named could not "
    "be "
    "read, or\n"
    "what is to be compiled has no meaning; 3 a proof is left open; 64 usage; 70 a mistake of portcullis.";

constexpr const char* lint_footer =
    "Examples:\n"
    "  portcullis lint service.yaml deployment.yaml\n"
    "  portcullis lint manifests/ -o sarif=lint.sarif -o text        for people on the terminal, SARIF into a file\n"
    "  portcullis lint manifests/ --fail-on warning                  exit 1 for warnings too\n"
    "  portcullis lint --cluster blue=clusters/blue --cluster green=clusters/green\n"
    "\n"
    "Objects are joined (selectors, ports, slices) inside one cluster only: the paths together are one, every "
    "--cluster NAME is\n"
    "one of its own. Exit status: 0 clean; 1 a finding of the severity of --fail-on; 2 something could not be read.";

constexpr const char* check_footer =
    "Examples:\n"
    "  portcullis check manifests/                                      nobody fights for a port, every pod finds a "
    "node\n"
    "  portcullis check manifests/ -p policies/ -p shop.policy          and every sentence of the policies holds\n"
    "  portcullis check manifests/ -p shop.policy -o sarif=check.sarif -o text\n"
    "  portcullis check manifests/ --explain                            what each proof assumes, how it was decided\n"
    "  portcullis check manifests/ --dump-smt queries/                  what the solver was asked, as SMT-LIB2\n"
    "\n"
    "Everything that lint reports is reported, too. Exit status: 0 clean, and all is proved; 1 a finding of the "
    "severity "
    "of\n"
    "--fail-on, or something is refuted; 2 something could not be read; 3 something is left open.";

constexpr const char* compile_footer =
    "Examples:\n"
    "  portcullis compile manifests/ --to nftables --node node-a | nft -c -f -\n"
    "  portcullis compile manifests/ --to iptables --node node-a -o out/       iptables.rules, jumps.rules, apply.sh, "
    "...\n"
    "  portcullis compile manifests/ --to iptables --node node-a --family ipv4\n"
    "  portcullis compile manifests/ --to ebpf --node node-a -o out/           node.pcl, program.o, companion.nft, "
    "...\n"
    "  portcullis compile manifests/ --to haproxy -o out/                      haproxy.cfg, maps, apply.sh, ...; the "
    "same on every node\n"
    "  portcullis compile manifests/ --to ir --node node-a                     what the rules mean, one line each\n"
    "\n"
    "The text is read back and proved to mean what the manifests say, for every packet, before it is written.\n"
    "-o takes a directory (existing, ending in `/`, or without a dot in its name) or a file; without it the text goes "
    "to standard\n"
    "output. Nothing is written when the exit status is not 0: 2 the input has no meaning, 3 the proof is left open, "
    "70 it\n"
    "failed.";

constexpr const char* resolve_footer =
    "Examples:\n"
    "  portcullis resolve manifests/                   a table of Services and endpoints\n"
    "  portcullis resolve manifests/ -o json | jq '.claims[] | select(.conflict)'\n"
    "  portcullis resolve manifests/ --write-lock      keep what was planned: addresses, node ports, placement";

constexpr const char* trace_footer =
    "A packet is a sentence:\n"
    "  PROTOCOL from [pod|remote-pod|node|external] SOURCE[:PORT] to DESTINATION:PORT [established|related|invalid] "
    "[via IFACE]\n"
    "A request is another:\n"
    "  [METHOD] URL [from ADDRESS] [with NAME=VALUE]... [sni NAME] [target TARGET] [class NAME] [ingress "
    "NAMESPACE/NAME]\n"
    "\n"
    "Examples:\n"
    "  portcullis trace manifests/ 'tcp from 192.0.2.7 to 10.96.0.20:80'\n"
    "  portcullis trace manifests/ --node node-a 'udp from pod fd40::1 to [fd96::20]:53'\n"
    "  portcullis trace manifests/ 'icmp from 192.0.2.7 to 10.96.0.20'\n"
    "  portcullis trace manifests/ 'GET https://shop.example.com/cart from 192.0.2.7'      from the client to a pod\n"
    "  portcullis trace manifests/ --packets packets.yaml -o json\n"
    "\n"
    "With --node: what that node does with the packet. Without: from where it enters the cluster, across machines, to "
    "its end.";

constexpr const char* verify_footer =
    "Examples:\n"
    "  portcullis verify manifests/ --node node-a --ruleset nftables.nft\n"
    "  portcullis verify manifests/ --node node-a --ruleset iptables.save --ruleset ip6tables.save \\\n"
    "                    --addresses addresses.json\n"
    "\n"
    "On the node: `nft list ruleset > nftables.nft`, `iptables-save > iptables.save`, `ip -j addr > addresses.json`.\n"
    "kube-proxy's own configuration among the manifests says how it was run.\n"
    "\n"
    "Exit status: 0 proved: every packet fares as the manifests say; 1 drift, with a packet that shows it; 2 something "
    "could\n"
    "not be read; 3 unknown.";

constexpr const char* diff_footer =
    "Examples:\n"
    "  portcullis diff base/ head/                              what traffic changes, each kind with a packet that "
    "shows it\n"
    "  portcullis diff base/ head/ --exit-code                  exit 1 if any does\n"
    "  portcullis diff main -- manifests/                       between a git revision and the working tree\n"
    "  portcullis diff v1.8..v1.9 -- manifests/                 between two revisions\n"
    "  portcullis diff main...HEAD -- manifests/                and what a branch changes since it left main\n"
    "  portcullis diff manifests/ --dialect iptables,nftables   what changes when kube-proxy's mode does\n"
    "\n"
    "Exit status: 0 whatever changes; 1 with --exit-code if traffic changes; 2 something could not be read; 3 "
    "something is\n"
    "left open. Without `--` a word that is a path is a path, another one a revision; without a path the working\n"
    "directory is read. Revisions are read from git's objects: no file is touched.";

constexpr const char* explain_footer =
    "Examples:\n"
    "  portcullis explain PC2007\n"
    "  portcullis explain port-name-missing\n"
    "  portcullis explain                      all codes";

const std::map<std::string, Color> colors{
    {"auto", Color::automatic}, {"always", Color::always}, {"never", Color::never}};
const std::map<std::string, Target> targets{{"nftables", Target::nftables},
                                            {"iptables", Target::iptables},
                                            {"ebpf", Target::ebpf},
                                            {"haproxy", Target::haproxy},
                                            {"ir", Target::ir}};
const std::map<std::string, Upstreams> upstream_names{{"endpoints", Upstreams::endpoints},
                                                      {"cluster-ip", Upstreams::cluster_ip}};
const std::map<std::string, net::Family> family_names{{"ipv4", net::Family::ipv4}, {"ipv6", net::Family::ipv6}};

// A word out of a table. CLI11's own transformer prints the enumerators' numbers in its messages.
template <class T, class Out>
CLI::Option* add_word(CLI::App& app, const std::string& name, Out& out, const std::map<std::string, T>& words,
                      const std::string& description) {
  std::vector<std::string> known;
  known.reserve(words.size());
  for (const auto& [word, value] : words) known.push_back(word);
  return app
      .add_option_function<std::string>(
          name, [&out, &words](const std::string& word) { out = words.at(word); }, description)
      ->check(CLI::IsMember(known));
}

void add_color(CLI::App& app, Color& color) {
  add_word(app, "--color", color, colors, "auto (default: on a terminal, unless NO_COLOR is set), always or never");
}

void add_common(CLI::App& app, Common& common, const std::string& paths, const std::string& output) {
  app.add_option("PATH", common.paths, paths);
  app.add_option("--cluster", common.clusters, "NAME=PATH: an input that is a cluster of its own; repeatable")
      ->allow_extra_args(false);
  app.add_option("-n,--namespace", common.ns, "namespace of objects that name none (default: `default`)");
  app.add_option("-o,--output", common.outputs, output)->allow_extra_args(false);
  app.add_option("--config", common.config,
                 "configuration file (default: .portcullis.yaml here or in a directory above)");
  app.add_option("--lock", common.lock, "lock file (default: portcullis.lock beside the configuration file)");
  app.add_option("--jobs", common.jobs, "threads (default: one a processor); the output is the same for any number")
      ->check(CLI::Range(1U, 1024U));
  add_color(app, common.color);
  CLI::Option* quiet = app.add_flag("-q,--quiet", common.quiet, "only errors");
  app.add_flag("-v,--verbose", common.verbose, "advice and times too")->excludes(quiet);
}

const std::map<std::string, ProveBy> methods{
    {"shapes", ProveBy::shapes}, {"each", ProveBy::each}, {"plain", ProveBy::plain}};

// Two versions of the manifests have no rules that could be written down plainly.
const std::map<std::string, ProveBy> methods_of_diff{{"shapes", ProveBy::shapes}, {"each", ProveBy::each}};

void add_methods(CLI::App& app, ProofOptions& options) {
  add_word(app, "--prove", options.by, methods,
           "shapes (default): one theorem for all that look alike; each: every question by itself, slower; plain: "
           "every rule as a formula, slowest, and independent of the other two");
}

void add_proof_options(CLI::App& app, ProofOptions& options) {
  app.add_option("--dump-smt", options.dump, "directory for every query, as SMT-LIB2");
  app.add_option("--cache", options.cache,
                 "directory of theorems that need not be proved again; made if it is not there");
  app.add_option("--limit", options.limit,
                 "steps that the solver may take for one query; verdicts are the same everywhere");
  app.add_flag("--explain", options.explain, "what each proof assumes, and how it was decided");
}

constexpr const char* input_paths = "files, directories (*.yaml, *.yml, *.json, recursively), or - for standard input";

constexpr const char* findings_outputs =
    "text (default), json, sarif, junit, github or gitlab; =FILE into a file; repeatable";

void add_fail_on(CLI::App& app, std::optional<std::string>& fail_on) {
  app.add_option("--fail-on", fail_on, "severity that makes the exit status 1: error (default), warning or never")
      ->check(CLI::IsMember(std::vector<std::string>{"error", "warning", "never"}));
}

void set_up_lint(CLI::App& app, LintCommand& command) {
  add_common(app, command.common, input_paths, findings_outputs);
  add_fail_on(app, command.fail_on);
  app.footer(lint_footer);
}

void set_up_check(CLI::App& app, CheckCommand& command) {
  add_common(app, command.common, input_paths, findings_outputs);
  app.add_option("-p,--policy", command.policies, "policy file, or directory of *.policy; repeatable")
      ->allow_extra_args(false);
  add_fail_on(app, command.fail_on);
  app.add_option("--now", command.now, "day on which waivers are judged, as 2027-03-01 (default: today, UTC)");
  add_methods(app, command.proof);
  add_proof_options(app, command.proof);
  app.footer(check_footer);
}

void set_up_compile(CLI::App& app, CompileCommand& command) {
  add_common(app, command.common, input_paths,
             "file or directory for the result; FORMAT=FILE for the findings (json, sarif, junit, github, gitlab)");
  add_word(app, "--to", command.to, targets,
           "nftables, iptables, ebpf, haproxy (of Ingresses) or ir (the program in its text form)")
      ->required();
  CLI::Option* node = app.add_option("--node", command.node,
                                     "name of the node; may be left out when there is one, or none in the input");
  app.add_flag("--all-nodes", command.all_nodes, "every node, each into a directory of its own below -o")
      ->excludes(node);
  add_word(app, "--family", command.family, family_names, "ipv4 or ipv6: of iptables and ir, one family only");
  app.add_option("--class", command.klass, "of haproxy: the IngressClass, or the controller, whose routes are emitted");
  add_word(app, "--upstreams", command.upstreams, upstream_names,
           "of haproxy: endpoints (default), or cluster-ip, and the packet rules of the node choose the endpoint");
  app.add_flag("--write-lock", command.write_lock, "write the lock file");
  app.add_flag("!--no-validate", command.validate,
               "do not prove that the ruleset means what the manifests say before it is written");
  add_methods(app, command.proof);
  add_proof_options(app, command.proof);
  app.footer(compile_footer);
}

void set_up_resolve(CLI::App& app, ResolveCommand& command) {
  add_common(app, command.common, input_paths,
             "table (default), yaml or json, with =FILE into a file; FORMAT=FILE for the findings");
  app.add_flag("--write-lock", command.write_lock, "write the lock file");
  app.footer(resolve_footer);
}

void set_up_trace(CLI::App& app, TraceCommand& command) {
  add_common(app, command.common, std::string(input_paths) + "; then the packet or request",
             "text (default) or json, with =FILE into a file");
  app.add_option("--node", command.node, "trace on this node only");
  app.add_option("--packets", command.packets,
                 "YAML or JSON file with a list of packets and requests, instead of a sentence");
  app.footer(trace_footer);
}

void set_up_verify(CLI::App& app, VerifyCommand& command) {
  add_common(app, command.common, input_paths, findings_outputs);
  app.add_option("--node", command.node, "name of the node that the rulesets are of");
  app.add_option("--ruleset", command.rulesets,
                 "what iptables-save, ip6tables-save or nft list ruleset printed there; repeatable")
      ->required()
      ->allow_extra_args(false);
  app.add_option("--addresses", command.addresses, "what `ip -j addr` printed there: all addresses of the node");
  add_methods(app, command.proof);
  add_proof_options(app, command.proof);
  app.footer(verify_footer);
}

void set_up_diff(CLI::App& app, DiffCommand& command) {
  add_common(
      app, command.common,
      "two versions of the manifests, each a file or a directory; or a git revision, A..B or A...B, then `--` and "
      "paths",
      "text (default) or json, with =FILE into a file");
  app.add_option("--dialect", command.dialects, "two dialects, as in `iptables,nftables`: compare them for one input");
  app.add_option("--node", command.node, "compare this node only");
  app.add_option("-p,--policy", command.policies,
                 "policy file, or directory of *.policy: what a `reachable` sentence demands and is lost is an error")
      ->allow_extra_args(false);
  app.add_flag("--exit-code", command.exit_code, "exit 1 if traffic changes");
  add_word(app, "--prove", command.proof.by, methods_of_diff,
           "shapes (default): one theorem for all that look alike; each: every destination by itself, slower");
  add_proof_options(app, command.proof);
  app.footer(diff_footer);
}

// CLI11 drops `--`, and which words stood behind it matters to `diff`. Returns how many words are left to it.
int cut_at_dashes(int argc, const char* const* argv, DiffCommand& command) {
  if (argc < 2 || std::string_view(argv[1]) != "diff") return argc;
  const auto* const end = argv + argc;
  const auto* const dashes = std::find(argv + 2, end, std::string_view("--"));
  if (dashes == end) return argc;
  command.below.emplace(dashes + 1, end);
  return static_cast<int>(dashes - argv);
}

}  // namespace

Parsed parse_command_line(int argc, const char* const* argv) {
  CLI::App app{"portcullis compiles Kubernetes Service manifests into node rulesets, and says what is wrong with them.",
               "portcullis"};
  app.formatter(std::make_shared<Help>());
  app.set_version_flag("--version", "portcullis " PORTCULLIS_VERSION);
  app.require_subcommand(1);
  app.footer(main_footer);
  LintCommand lint;
  CheckCommand check;
  CompileCommand compile;
  ResolveCommand resolve;
  TraceCommand trace;
  VerifyCommand verify;
  DiffCommand diff;
  ExplainCommand explain;
  CLI::App* lint_app = app.add_subcommand("lint", "report what is wrong with manifests");
  set_up_lint(*lint_app, lint);
  CLI::App* check_app =
      app.add_subcommand("check", "report what lint does, and prove the rest: the gate of a pipeline");
  set_up_check(*check_app, check);
  CLI::App* compile_app = app.add_subcommand("compile", "emit the ruleset of a node");
  set_up_compile(*compile_app, compile);
  CLI::App* resolve_app =
      app.add_subcommand("resolve", "show the cluster as planned: addresses, ports, endpoints, claims");
  set_up_resolve(*resolve_app, resolve);
  CLI::App* trace_app = app.add_subcommand("trace", "follow one packet or request, with the lines that decide");
  set_up_trace(*trace_app, trace);
  CLI::App* verify_app = app.add_subcommand("verify", "prove that a node's live ruleset does what the manifests say");
  set_up_verify(*verify_app, verify);
  CLI::App* diff_app = app.add_subcommand("diff", "list which traffic changes between two versions of the manifests");
  set_up_diff(*diff_app, diff);
  CLI::App* explain_app = app.add_subcommand("explain", "print the rule behind a finding");
  explain_app->add_option("CODE", explain.code, "code (PC2007) or name (port-name-missing) of a finding");
  add_color(*explain_app, explain.color);
  explain_app->footer(explain_footer);
  const NodeCommandLine node(app, "portcullis");
  if (const std::string problem = unknown_command(app, argc, argv); !problem.empty()) {
    return {std::nullopt, usage(problem)};
  }
  if (const auto status = parse(app, cut_at_dashes(argc, argv, diff), argv)) return {std::nullopt, *status};
  if (auto command = node.parsed()) return {std::move(*command), exit_done};
  if (lint_app->parsed()) return {std::move(lint), exit_done};
  if (check_app->parsed()) return {std::move(check), exit_done};
  if (compile_app->parsed()) return {std::move(compile), exit_done};
  if (resolve_app->parsed()) return {std::move(resolve), exit_done};
  if (diff_app->parsed()) return {std::move(diff), exit_done};
  if (verify_app->parsed()) return {std::move(verify), exit_done};
  if (trace_app->parsed()) return {std::move(trace), exit_done};
  return {std::move(explain), exit_done};
}

}  // namespace portcullis::driver
