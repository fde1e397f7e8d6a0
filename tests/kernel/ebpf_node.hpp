// A node that the eBPF backend is applied to, and artefacts for it.
//
//   client ── node ── pod-a, pod-b     10.1.0.0/24 outside, 10.244.0.0/24 the pods
//
// Programs are pinned below a folder of the test's own, and socket hooks hang at a control group of its own, which the
// test is in as long as the node lives. Both go with the object.
#pragma once

#include <filesystem>
#include <string>

#include "backends/apply/commands.hpp"
#include "backends/ebpf/tables.hpp"
#include "tests/kernel/topology.hpp"

namespace portcullis::kernel {

// A cgroup2 hierarchy mounted for the test, and a group in it.
class ControlGroup {
 public:
  ControlGroup();
  ControlGroup(const ControlGroup&) = delete;
  ControlGroup& operator=(const ControlGroup&) = delete;
  ~ControlGroup();
  [[nodiscard]] const std::string& path() const { return group_; }

 private:
  std::string root_, group_, before_;
};

class PinFolder {
 public:
  PinFolder();
  PinFolder(const PinFolder&) = delete;
  PinFolder& operator=(const PinFolder&) = delete;
  ~PinFolder();
  [[nodiscard]] std::string pins() const { return path_ + "/portcullis"; }

 private:
  std::string path_;
};

// A folder as `compile` writes it.
class ArtefactFolder {
 public:
  explicit ArtefactFolder(const ebpf::Tables& tables);
  ArtefactFolder(const ArtefactFolder&) = delete;
  ArtefactFolder& operator=(const ArtefactFolder&) = delete;
  ~ArtefactFolder();
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string read(const std::string& file) const;
  void write(const std::string& file, const std::string& text) const;
  // Makes SHA256SUMS right again.
  void sum() const;
  // What nodes without portcullis need beside: program.o, maps.batch, apply.sh and a conntrack.sh that forgets nothing.
  void add_script(const ebpf::Tables& tables) const;

 private:
  std::string path_;
};

inline constexpr const char* frontend_address = "10.96.0.20";
inline constexpr std::uint16_t frontend_port = 80;

// The frontend leads to port 8080 of this pod; clients from outside are masqueraded.
[[nodiscard]] ebpf::Tables tables_to(const std::string& pod);
// `services` frontends with `each` endpoints.
[[nodiscard]] ebpf::Tables many_tables(unsigned services, unsigned each);

class EbpfNode {
 public:
  EbpfNode();
  [[nodiscard]] Topology& net() { return net_; }
  [[nodiscard]] apply::Options options() const;
  [[nodiscard]] std::string pins() const { return pins_.pins(); }

  [[nodiscard]] apply::Result apply(const ArtefactFolder& folder) { return apply(folder, options()); }
  [[nodiscard]] apply::Result apply(const ArtefactFolder& folder, const apply::Options& options);
  // The folder's apply.sh, and what it says. Throws Failure where it fails.
  std::string run_script(const ArtefactFolder& folder);
  [[nodiscard]] apply::Result status(const ArtefactFolder* folder);
  [[nodiscard]] apply::Result attach(const std::string& interface);
  [[nodiscard]] apply::Result roll_back();
  [[nodiscard]] apply::Result remove(bool now);
  // The pod that answers at the frontend, or empty.
  [[nodiscard]] std::string answer(const std::string& host, int milliseconds = 2500);

 private:
  ControlGroup group_;
  PinFolder pins_;
  Topology net_;
};

// Status and text of a result, for Catch2's messages.
[[nodiscard]] std::string told(const apply::Result& result);
[[nodiscard]] bool has(const std::string& text, std::string_view part);
// What `tc` lists at the ingress of an interface of the node.
[[nodiscard]] std::string filters(EbpfNode& node, const std::string& interface);
// Nothing of ours is on the node: pins, filters, clsact, tables, hooks.
void check_no_leftovers(EbpfNode& node);

}  // namespace portcullis::kernel
