#include "compiler/driver/session.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <thread>

#include <fmt/format.h>

#include "compiler/base/file.hpp"
#include "compiler/base/text.hpp"
#include "compiler/driver/output.hpp"
#include "compiler/ir/l7/build.hpp"
#include "compiler/lint/lint.hpp"

namespace portcullis::driver {

namespace {

cluster::Lock read_lock(Session& session, const std::string& name, const std::string& text) {
  base::Diagnostics own;
  cluster::Lock lock = cluster::read_lock(name, text, session.sources, own);
  session.unreadable |= own.has_errors();
  session.diagnostics.merge(std::move(own));
  return lock;
}

cluster::Lock load_lock(Session& session, bool write_lock) {
  const Settings& settings = session.settings;
  std::error_code ignored;
  const bool exists = std::filesystem::exists(settings.lock_path, ignored);
  if (!exists && (!settings.lock_named || write_lock)) return {};
  std::string text;
  if (const base::FileError error = base::read_file(settings.lock_path, text)) {
    session.unreadable = true;
    session.diagnostics.add("PC1001", fmt::format("cannot read the lock file {}: {}", settings.lock_path, *error), {});
    return {};
  }
  return read_lock(session, settings.lock_path, text);
}

std::string quoted_list(const std::vector<std::string>& paths) {
  std::vector<std::string> names;
  names.reserve(paths.size());
  for (const std::string& path : paths) names.push_back(path == "-" ? "standard input" : path);
  return base::list_text(names);
}

// `read` gives the objects; `where` they are said to be from.
template <class Read>
Loaded load_with(Session& session, const cluster::Lock& lock, std::size_t findings_before, const std::string& where,
                 const Read& read) {
  Loaded loaded;
  manifest::ReadOptions options;
  options.default_namespace = session.settings.ns;
  options.jobs = session.jobs();
  loaded.input = session.timed("read", [&] { return read(options); });
  session.unreadable |= loaded.input.unreadable;
  for (const manifest::Object& object : loaded.input.objects) ++session.totals.kinds[object.kind];
  session.totals.passed_over += loaded.input.passed_over;
  if (loaded.input.documents == 0) {
    session.unreadable = true;
    const bool explained = session.diagnostics.all().size() > findings_before;
    if (!explained || !session.diagnostics.has_errors()) complain(fmt::format("no Kubernetes object in {}", where));
  }
  loaded.resolved = session.timed("resolve", [&] {
    return cluster::resolve(loaded.input, cluster::ResolveOptions{lock, session.settings.complete},
                            session.diagnostics);
  });
  loaded.routers =
      session.timed("routers", [&] { return ir::l7::build_routers(loaded.resolved.cluster, session.diagnostics); });
  return loaded;
}

}  // namespace

std::optional<std::vector<Unit>> units(const Common& common) {
  std::vector<Unit> all;
  if (!common.paths.empty()) all.push_back({"", common.paths});
  for (const std::string& text : common.clusters) {
    const std::size_t equals = text.find('=');
    if (equals == 0 || equals == std::string::npos || equals + 1 == text.size()) {
      complain(fmt::format("--cluster takes NAME=PATH, this is `{}`", text));
      return std::nullopt;
    }
    const std::string name = text.substr(0, equals);
    auto unit = std::ranges::find(all, name, &Unit::name);
    if (unit == all.end()) unit = all.insert(all.end(), Unit{name, {}});
    unit->paths.push_back(text.substr(equals + 1));
  }
  if (all.empty()) {
    complain("no input: name files, directories or - for standard input");
    return std::nullopt;
  }
  return all;
}

std::optional<Unit> single_unit(const Common& common) {
  std::optional<std::vector<Unit>> all = units(common);
  if (!all) return std::nullopt;
  if (all->size() > 1) {
    complain("this command works on one cluster: give its paths, or one --cluster");
    return std::nullopt;
  }
  return std::move(all->front());
}

Session::Session(const Common& options) : common(options), settings(read_settings(options, sources, diagnostics)) {
  unreadable = !settings.readable;
}

unsigned Session::jobs() const {
  return common.jobs > 0 ? common.jobs : std::max(1U, std::thread::hardware_concurrency());
}

Loaded load(Session& session, const Unit& unit, bool write_lock) {
  const std::size_t before = session.diagnostics.all().size();
  const cluster::Lock lock = load_lock(session, write_lock);
  return load_with(session, lock, before, quoted_list(unit.paths), [&](const manifest::ReadOptions& options) {
    return manifest::read(unit.paths, options, session.sources, session.diagnostics);
  });
}

Loaded load(Session& session, Past past) {
  const std::size_t before = session.diagnostics.all().size();
  cluster::Lock lock;
  if (!past.has_lock) {
    lock = load_lock(session, false);
  } else if (past.lock) {
    lock = read_lock(session, past.lock->name, past.lock->text);
  }
  return load_with(session, lock, before, "the revision " + past.name, [&](const manifest::ReadOptions& options) {
    return manifest::read_texts(std::move(past.files), options, session.sources, session.diagnostics);
  });
}

void lint(Session& session, const Loaded& loaded) {
  session.timed("lint", [&] {
    lint::lint(loaded.input, loaded.resolved.cluster, loaded.routers, {.complete = session.settings.complete},
               session.diagnostics);
    return true;
  });
}

bool stops(const base::Diagnostic& finding) {
  constexpr std::array<std::string_view, 4> not_needed{"Ingress", "IngressClass", "NetworkPolicy", "Secret"};
  // Shared keys; then a profile that cannot be used as it stands.
  constexpr std::array<std::string_view, 6> fatal{"PC2037", "PC2038", "PC3102", "PC3504", "PC2110", "PC2111"};
  if (finding.severity != base::Severity::error) return false;
  if (std::ranges::find(not_needed, finding.object.kind) != not_needed.end()) return false;
  return finding.code.starts_with("PC1") || finding.reason != base::Reason::none ||
         std::ranges::find(fatal, finding.code) != fatal.end();
}

bool any_stops(const base::Diagnostics& diagnostics) {
  return std::ranges::any_of(diagnostics.all(), stops);
}

bool write_lock_file(const Session& session, const cluster::Lock& lock) {
  return write_path(session.settings.lock_path, cluster::print_lock(lock));
}

void print_timings(const Session& session) {
  for (const Timing& timing : session.timings) {
    fmt::print(stderr, "{:>8.3f} s  {}\n", timing.seconds, timing.stage);
  }
}

}  // namespace portcullis::driver
