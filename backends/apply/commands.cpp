#include "backends/apply/commands.hpp"

#include <functional>

#include <fmt/format.h>

#include "backends/apply/folder.hpp"
#include "backends/apply/status_text.hpp"
#include "backends/ebpf/loader/failure.hpp"
#include "backends/ebpf/loader/loader.hpp"
#include "backends/ebpf/loader/probe.hpp"
#include "backends/ebpf/loader/status.hpp"
#include "backends/ebpf/loader/tool.hpp"
#include "compiler/base/text.hpp"

namespace portcullis::apply {

namespace {

namespace loader = ebpf::loader;

constexpr int done = 0, differs = 1, cannot = 2;

Result guarded(const std::function<Result()>& command) {
  try {
    return command();
  } catch (const loader::CannotDo& failure) {
    return {cannot, {}, {failure.what()}};
  }
}

loader::Options to_loader(const Options& options) {
  loader::Options out;
  if (options.pins) out.pins = *options.pins;
  out.interfaces = options.interfaces;
  if (options.cgroup) out.cgroup = *options.cgroup;
  out.step = options.step;
  return out;
}

Result apply_ebpf(const Folder& folder, const Options& options) {
  const loader::Applied applied = loader::apply(folder.artefact, to_loader(options));
  Result result;
  result.out = applied_text(applied);
  result.complaints = applied.unset;
  for (const std::string& name : applied.skipped)
    result.complaints.push_back(
        fmt::format("{} has a link header that the program does not know: what comes in by it is left alone", name));
  for (const net::Address& address : applied.absent)
    result.complaints.push_back(
        fmt::format("{} is taken for an address of this node, which has it not", address.text()));
  return result;
}

// The other backends' files come with what loads them.
Result apply_script(const Folder& folder) {
  const loader::ToolResult ran = loader::run_tool({"sh", folder.path + "/apply.sh"});
  Result result;
  result.status = ran.status == 0 ? done : cannot;
  for (const std::string_view line : base::split(ran.output, '\n'))
    if (!line.empty()) result.complaints.emplace_back(line);
  if (ran.status != 0)
    result.complaints.push_back(fmt::format("{}/apply.sh ended with status {}", folder.path, ran.status));
  if (ran.status == 0) result.out = fmt::format("applied {} ({})\n", folder.path, to_string(folder.kind));
  return result;
}

}  // namespace

Result apply(const std::string& folder, const Options& options) {
  return guarded([&] {
    const Folder opened = open_folder(folder);
    return opened.kind == Kind::ebpf ? apply_ebpf(opened, options) : apply_script(opened);
  });
}

Result attach(const std::vector<std::string>& interfaces, const Options& options) {
  return guarded([&] {
    loader::attach(interfaces, to_loader(options));
    return Result{done, fmt::format("attached to {}\n", fmt::join(interfaces, ", ")), {}};
  });
}

Result status(const std::optional<std::string>& folder, bool json, const Options& options) {
  return guarded([&] {
    std::optional<Folder> opened;
    if (folder) opened = open_folder(*folder);
    if (opened && opened->kind != Kind::ebpf)
      throw loader::CannotDo(
          fmt::format("{} is for {}, and status knows only eBPF so far: compare with `portcullis verify`", *folder,
                      to_string(opened->kind)));
    const loader::Status state = loader::look(opened ? &opened->artefact : nullptr, to_loader(options));
    return Result{state.as_wanted() ? done : differs, json ? status_json(state) : status_text(state), {}};
  });
}

Result probe(bool json) {
  return guarded([&] {
    const loader::Probe found = loader::probe();
    return Result{found.fine() ? done : cannot, json ? probe_json(found) : probe_text(found), {}};
  });
}

Result roll_back(const Options& options) {
  return guarded([&] {
    if (loader::roll_back(to_loader(options))) return Result{done, "the tables before these are active\n", {}};
    return Result{differs, {}, {"there are no tables before these: nothing to roll back to"}};
  });
}

Result remove(bool now, const Options& options) {
  return guarded([&] {
    const loader::Removed removed = loader::remove(now, to_loader(options));
    Result result;
    result.out = removed.was_loaded ? "removed\n" : "nothing was loaded\n";
    if (removed.companion_kept)
      result.complaints.push_back(fmt::format(
          "the companion ruleset stays while {} translated flows go on: run `portcullis remove` again later, or "
          "`portcullis remove --now` to end them",
          removed.flows));
    return result;
  });
}

}  // namespace portcullis::apply
