// From the paths of the command line to a resolved cluster, with every finding on the way.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "compiler/base/diagnostic.hpp"
#include "compiler/base/source.hpp"
#include "compiler/cluster/resolve.hpp"
#include "compiler/driver/command_line.hpp"
#include "compiler/driver/progress.hpp"
#include "compiler/driver/settings.hpp"
#include "compiler/ir/l7/router.hpp"
#include "compiler/manifest/read.hpp"
#include "compiler/report/findings.hpp"
#include "verifier/verdict/verdict.hpp"

namespace portcullis::driver {

// What is applied together: the paths of the line, or those of one --cluster name. Nothing is joined across units.
struct Unit {
  std::string name;  // empty: the paths
  std::vector<std::string> paths;
};
// In the order in which they are first named. Nothing if there is no input or a --cluster is no NAME=PATH; that has
// been said.
[[nodiscard]] std::optional<std::vector<Unit>> units(const Common& common);
// The same for commands that work on one cluster.
[[nodiscard]] std::optional<Unit> single_unit(const Common& common);

// Stages and how long they took, for -v.
struct Timing {
  std::string stage;
  double seconds = 0;
};

struct Session {
  explicit Session(const Common& options);

  Common common;
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  Settings settings;
  report::Totals totals;                              // over all units read so far
  std::optional<std::vector<verdict::Proof>> proofs;  // of commands that prove
  std::size_t waived = 0;                             // findings that somebody lives with
  bool unreadable = false;                            // something named could not be read: exit 2
  std::vector<Timing> timings;
  Progress progress;

  [[nodiscard]] unsigned jobs() const;

  // Runs a stage under its name, on the progress line and in the timings.
  template <class Stage>
  auto timed(const char* name, const Stage& stage) {
    progress.stage(name);
    const auto start = std::chrono::steady_clock::now();
    auto result = stage();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    timings.push_back({name, seconds.count()});
    return result;
  }
};

struct Loaded {
  manifest::Input input;
  cluster::Resolved resolved;
  std::vector<ir::l7::Router> routers;  // that the Ingresses make
};
// Reads and resolves one unit. A unit without any object is unreadable, and that is said. With `write_lock` a lock file
// that does not exist is no fault.
[[nodiscard]] Loaded load(Session& session, const Unit& unit, bool write_lock);

// What the rules of compiler/lint say of a unit, beside what resolving it said.
void lint(Session& session, const Loaded& loaded);

// What a revision holds in the place of files: no path of it is on disk.
struct Past {
  std::string name;  // of the revision
  std::vector<manifest::TextFile> files;
  bool has_lock = false;  // the lock file is the revision's, too: `lock`, or none if it has none
  std::optional<manifest::TextFile> lock;
};
// The same for a revision. What could not be read of it has been said.
[[nodiscard]] Loaded load(Session& session, Past past);

// Whether a finding keeps `compile`, `resolve` and `trace` from meaning anything: an object that they need could not be
// read, would be refused by the API server, or shares a key with another. Ingresses, policies and Secrets are not
// needed.
[[nodiscard]] bool stops(const base::Diagnostic& finding);
[[nodiscard]] bool any_stops(const base::Diagnostics& diagnostics);

// Writes the lock file of the settings. False, with a complaint, if it could not be written.
[[nodiscard]] bool write_lock_file(const Session& session, const cluster::Lock& lock);

// Prints the timings to standard error.
void print_timings(const Session& session);

}  // namespace portcullis::driver
