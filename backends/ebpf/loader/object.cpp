#include "backends/ebpf/loader/object.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <functional>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>

#include "backends/ebpf/loader/failure.hpp"
#include "backends/ebpf/loader/maps.hpp"
#include "backends/ebpf/program.hpp"
#include "compiler/base/error.hpp"
#include "compiler/base/text.hpp"

namespace portcullis::ebpf::loader {

namespace {

constexpr const char* origins_name = "origins";
// Answers questions of tests; no node needs it.
constexpr std::string_view unattached = "pcl_ask";
// A version that is being pinned: a name that no version has.
constexpr std::string_view unfinished = "prog/unfinished";

// What libbpf said last: the reason when loading fails.
std::string& last_words() {
  static std::string words;
  return words;
}

int remember_words(libbpf_print_level level, const char* format, va_list arguments) {
  if (level == LIBBPF_DEBUG) return 0;
  std::array<char, 1024> line{};
  const int length = std::vsnprintf(line.data(), line.size(), format, arguments);
  if (length > 0 && level == LIBBPF_WARN) {
    std::string& words = last_words();
    words += line.data();
    constexpr std::size_t enough = 4096;
    if (words.size() > enough) words.erase(0, words.size() - enough);
  }
  return length;
}

// On one line: complaints of libbpf end in line breaks, and the first one is the cause.
std::string words_on_one_line() {
  std::string out;
  for (const std::string_view line : base::split(last_words(), '\n')) {
    const std::string_view text = base::trim(line);
    if (text.empty()) continue;
    if (!out.empty()) out += "; ";
    out += text;
  }
  return out;
}

using BpfObject = std::unique_ptr<bpf_object, void (*)(bpf_object*)>;

BpfObject open_object() {
  last_words().clear();
  listen_to_libbpf();
  bpf_object_open_opts options{};
  options.sz = sizeof options;
  options.object_name = "portcullis";
  const auto bytes = program();
  BpfObject object(bpf_object__open_mem(bytes.data(), bytes.size(), &options), &bpf_object__close);
  if (!object) throw base::InternalError("the embedded program is no BPF object: " + words_on_one_line());
  bpf_program* one = nullptr;
  bpf_object__for_each_program(one, object.get()) {
    if (bpf_program__name(one) == unattached) bpf_program__set_autoload(one, false);
  }
  return object;
}

bool is_ours(const bpf_map* map) {
  // Maps that libbpf makes of sections (.rodata …) belong to one load and are pinned by nobody.
  return !bpf_map__is_internal(map);
}

void for_each_map(bpf_object* object, const std::function<void(bpf_map*)>& each) {
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object) {
    if (is_ours(map)) each(map);
  }
}

void for_each_program(bpf_object* object, const std::function<void(bpf_program*)>& each) {
  bpf_program* one = nullptr;
  bpf_object__for_each_program(one, object) {
    if (bpf_program__name(one) != unattached) each(one);
  }
}

// A map that an earlier load has pinned is used again, so that memory and active tables stay.
void take_over(bpf_map* map, const Pins& pins) {
  const std::string path = pins.path(bpf_map__name(map));
  const Fd fd = pinned(path);
  if (!fd.open()) return;
  bpf_map_info info{};
  std::uint32_t length = sizeof info;
  if (bpf_obj_get_info_by_fd(fd.get(), &info, &length) != 0) cannot("look at " + path, errno);
  if (info.type != bpf_map__type(map) || info.key_size != bpf_map__key_size(map) ||
      info.value_size != bpf_map__value_size(map) || info.max_entries != bpf_map__max_entries(map))
    throw CannotDo(fmt::format(
        "another version of portcullis is loaded ({} has another form): run `portcullis remove` first", path));
  if (bpf_map__reuse_fd(map, fd.get()) != 0) cannot("take over " + path, errno);
}

void pin_map(bpf_map* map, const Pins& pins) {
  const std::string path = pins.path(bpf_map__name(map));
  if (pinned(path).open()) return;
  if (bpf_obj_pin(bpf_map__fd(map), path.c_str()) != 0) cannot("pin " + path, errno);
}

void pin_origins(const Pins& pins) {
  const std::string path = pins.path(origins_name);
  if (pinned(path).open()) return;
  bpf_map_create_opts options{};
  options.sz = sizeof options;
  const Fd map(bpf_map_create(BPF_MAP_TYPE_ARRAY, "pcl_origins", sizeof(std::uint32_t), sizeof(Origin), PCL_GENERATIONS,
                              &options));
  if (!map.open()) cannot("make a map", errno);
  if (bpf_obj_pin(map.get(), path.c_str()) != 0) cannot("pin " + path, errno);
}

void check_layouts(const std::vector<std::string>& versions) {
  for (const std::string& one : versions) {
    if (!has_our_layout(one))
      throw CannotDo(fmt::format(
          "another version of portcullis is loaded ({}), and its tables have another layout: run `portcullis remove` "
          "first, with that version",
          one));
  }
}

void load_and_pin(const Pins& pins) {
  const BpfObject object = open_object();
  pin_origins(pins);
  for_each_map(object.get(), [&](bpf_map* map) { take_over(map, pins); });
  if (const int error = bpf_object__load(object.get()); error != 0) {
    const std::string words = words_on_one_line();
    if (error == -EPERM || error == -EACCES) cannot("load the program (" + words + ")", -error);
    throw CannotDo(fmt::format(
        "this kernel does not take the program: {}; `portcullis status --probe` says what it lacks", words));
  }
  for_each_map(object.get(), [&](bpf_map* map) { pin_map(map, pins); });
  pins.make_folder("prog");
  pins.remove(unfinished);
  pins.make_folder(unfinished);
  for_each_program(object.get(), [&](bpf_program* one) {
    const std::string path = pins.path(std::string(unfinished) + "/" + bpf_program__name(one));
    if (bpf_obj_pin(bpf_program__fd(one), path.c_str()) != 0) cannot("pin " + path, errno);
  });
  const std::string whole = pins.path("prog/" + version());
  if (std::rename(pins.path(unfinished).c_str(), whole.c_str()) != 0) cannot("pin " + whole, errno);
}

}  // namespace

void listen_to_libbpf() {
  libbpf_set_print(remember_words);
}

std::vector<Hook> hooks() {
  const BpfObject object = open_object();
  std::vector<Hook> out;
  for_each_program(object.get(), [&](bpf_program* one) {
    if (bpf_program__type(one) == BPF_PROG_TYPE_CGROUP_SOCK_ADDR)
      out.push_back({bpf_program__name(one), static_cast<std::uint32_t>(bpf_program__expected_attach_type(one))});
  });
  return out;
}

std::string version() {
  return version_of(program_digest());
}

bool has_our_layout(const std::string& version) {
  return version.starts_with(fmt::format("{}-", static_cast<int>(PCL_LAYOUT)));
}

std::string why_not_loadable() {
  const BpfObject object = open_object();
  if (bpf_object__load(object.get()) == 0) return {};
  const std::string words = words_on_one_line();
  return words.empty() ? "the kernel gives no reason" : words;
}

std::vector<std::string> loaded_versions(const Pins& pins) {
  std::vector<std::string> out = pins.list("prog");
  std::erase_if(out, [](const std::string& name) { return "prog/" + name == unfinished; });
  return out;
}

void forget_other_versions(const Pins& pins) {
  for (const std::string& one : pins.list("prog"))
    if (one != version()) pins.remove("prog/" + one);
}

Object Object::load(const Pins& pins) {
  const std::vector<std::string> versions = loaded_versions(pins);
  check_layouts(versions);
  if (std::ranges::find(versions, version()) == versions.end()) load_and_pin(pins);
  return open(pins);
}

Object Object::open(const Pins& pins) {
  const std::vector<std::string> versions = loaded_versions(pins);
  if (versions.empty()) throw CannotDo("nothing is loaded on this node: run `portcullis apply` first");
  check_layouts(versions);
  Object out;
  const bool ours = std::ranges::find(versions, version()) != versions.end();
  out.version_ = ours ? version() : versions.front();
  const BpfObject object = open_object();
  std::vector<std::string> names{origins_name};
  for_each_map(object.get(), [&](bpf_map* map) { names.emplace_back(bpf_map__name(map)); });
  for (const std::string& name : names) {
    Fd fd = pinned(pins.path(name));
    if (!fd.open())
      throw CannotDo(fmt::format("{} is missing: run `portcullis remove`, then `portcullis apply`", pins.path(name)));
    out.maps_.emplace(name, std::move(fd));
  }
  for (const std::string& name : pins.list("prog/" + out.version_))
    out.programs_.emplace(name, pinned(pins.path("prog/" + out.version_ + "/" + name)));
  return out;
}

void unload(const Pins& pins) {
  if (!pins.exist()) return;
  if (!pins.list("").empty() && !pinned(pins.path(origins_name)).open())
    throw CannotDo(fmt::format("{} is no folder of portcullis: name the one that apply was given", pins.root()));
  // Hooks first: without tables they would do nothing, which is what comes anyway.
  for (const char* folder : {"link", "prog", "generation", "clsact"}) pins.remove(folder);
  const BpfObject object = open_object();
  for_each_map(object.get(), [&](bpf_map* map) { pins.remove(bpf_map__name(map)); });
  for (const std::string& left : pins.list("")) {
    if (left != origins_name)
      throw CannotDo(
          fmt::format("{} holds {}, which is not of this version of portcullis: remove it yourself, or with "
                      "the version that made it",
                      pins.root(), left));
  }
  pins.remove(origins_name);
  pins.remove_root();
}

int Object::map(const std::string& name) const {
  const auto found = maps_.find(name);
  if (found == maps_.end()) throw base::InternalError("the program has no map " + name);
  return found->second.get();
}

int Object::table(TableId table) const {
  return map("t_" + std::string(to_string(table)));
}

int Object::program(const std::string& name) const {
  const auto found = programs_.find(name);
  if (found == programs_.end())
    throw CannotDo(fmt::format("version {} that is loaded has no program {}: apply again", version_, name));
  return found->second.get();
}

}  // namespace portcullis::ebpf::loader
