#include "tests/unit/bytecode/compiled.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include <fmt/format.h>

namespace portcullis::tests {

namespace {

constexpr const char* decide_path = "backends/ebpf/bpf/decide.h";

std::string contents(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error(fmt::format("cannot read {}", path.string()));
  return {std::istreambuf_iterator<char>(in), {}};
}

// A folder for one compilation, removed at the end.
class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "portcullis-bytecode-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make a temporary folder");
    path_ = pattern;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  Folder(Folder&&) = delete;
  Folder& operator=(Folder&&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace

std::string decide_source() {
  return contents(std::filesystem::path(PORTCULLIS_SOURCE) / decide_path);
}

std::vector<std::byte> compiled(const std::string& changed_decide_source) {
  const Folder folder;
  const std::filesystem::path source = folder.path() / decide_path, object = folder.path() / "program.o";
  std::filesystem::create_directories(source.parent_path());
  std::ofstream(source, std::ios::binary) << changed_decide_source;
  // The changed file is found first. A change may leave something unused.
  const std::string command = fmt::format(
      "'{}' -O2 -g -target bpf -mcpu=v3 -Wall -Wextra -Wno-unused -I'{}' -I'{}' -I'{}' -I'{}' -c "
      "'{}/backends/ebpf/bpf/program.bpf.c' -o '{}'",
      PORTCULLIS_BPF_CLANG, folder.path().string(), PORTCULLIS_SOURCE, PORTCULLIS_BPF_INCLUDE,
      PORTCULLIS_KERNEL_INCLUDE, PORTCULLIS_SOURCE, object.string());
  if (std::system(command.c_str()) != 0) throw std::runtime_error(fmt::format("failed: {}", command));
  const std::string bytes = contents(object);
  const auto* begin = reinterpret_cast<const std::byte*>(bytes.data());
  return {begin, begin + bytes.size()};
}

}  // namespace portcullis::tests
