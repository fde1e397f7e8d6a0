// Where a node keeps what is loaded, as files of the BPF file system:
//
//   active  aff  ifs  socks  stats  cfg  t_…    maps of the program
//   origins                                     what each generation was made of (struct Origin); made first and
//   removed
//                                               last: a folder without it is none of ours
//   generation/<slot>/pools …                   the tables of a generation, for people; the program finds them in t_…
//   prog/<version>/pcl_in …                     programs; a folder is there whole or not at all
//   link/pcl_c4 …                               their attachment to the tree of control groups
//   clsact/<interface index>                    an empty folder: we made that interface's clsact
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "backends/ebpf/loader/fd.hpp"

namespace portcullis::ebpf::loader {

inline constexpr const char* default_pins = "/sys/fs/bpf/portcullis";

class Pins {
 public:
  explicit Pins(const std::string& root);
  [[nodiscard]] const std::string& root() const { return root_; }
  [[nodiscard]] std::string path(std::string_view below) const { return root_ + "/" + std::string(below); }

  [[nodiscard]] bool exist() const;
  // Makes the root. Throws CannotDo, also where its parent is no BPF file system.
  void make() const;
  void make_folder(std::string_view below) const;
  [[nodiscard]] std::vector<std::string> list(std::string_view below) const;
  // With all that is below; what is not there is gone already.
  void remove(std::string_view below) const;
  // The root itself, which has to be empty.
  void remove_root() const;

 private:
  std::string root_;
};

// One at a time: commands on one node wait for each other. Held as long as this lives; a process that dies lets it go.
// Throws CannotDo after half a minute.
class Lock {
 public:
  explicit Lock(const Pins& pins);

 private:
  Fd folder_;
};

}  // namespace portcullis::ebpf::loader
