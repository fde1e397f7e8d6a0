// What the embedded program holds, and what it is called by.
#include "backends/ebpf/program.hpp"

#include <array>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>
#include <elf.h>
#include <fmt/format.h>

#include "tests/unit/ebpf/object.hpp"

namespace portcullis::tests {

namespace {

struct ClosePipe {
  void operator()(FILE* pipe) const { ::pclose(pipe); }
};

// What sha256sum says of the bytes.
std::string digest_of_tool(std::span<const std::byte> bytes) {
  std::string path = "/tmp/portcullis-program-XXXXXX";
  const int fd = ::mkstemp(path.data());
  if (fd < 0) throw std::runtime_error("cannot make a file");
  std::unique_ptr<FILE, int (*)(FILE*)> file(::fdopen(fd, "wb"), ::fclose);
  const std::size_t written = std::fwrite(bytes.data(), 1, bytes.size(), file.get());
  file.reset();
  std::array<char, 65> digits{};
  {
    const std::unique_ptr<FILE, ClosePipe> tool(::popen(("sha256sum " + path).c_str(), "r"));
    if (!tool || std::fgets(digits.data(), digits.size(), tool.get()) == nullptr) digits[0] = '\0';
  }
  std::remove(path.c_str());
  if (written != bytes.size()) throw std::runtime_error("cannot write a file");
  return digits.data();
}

// Reads a T at `offset`.
template <class T>
T at(std::span<const std::byte> bytes, std::size_t offset) {
  T value;
  if (offset + sizeof(T) > bytes.size()) throw std::runtime_error("the object ends too early");
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

// An ELF object's functions: (section, name) and size.
std::map<std::pair<std::string, std::string>, std::size_t> functions(std::span<const std::byte> bytes) {
  const auto header = at<Elf64_Ehdr>(bytes, 0);
  const auto section = [&](std::size_t index) {
    return at<Elf64_Shdr>(bytes, header.e_shoff + index * sizeof(Elf64_Shdr));
  };
  const auto text = [&](const Elf64_Shdr& strings, std::size_t offset) {
    return std::string(reinterpret_cast<const char*>(bytes.data()) + strings.sh_offset + offset);
  };
  std::map<std::pair<std::string, std::string>, std::size_t> found;
  for (std::size_t index = 0; index < header.e_shnum; ++index) {
    const Elf64_Shdr symbols = section(index);
    if (symbols.sh_type != SHT_SYMTAB) continue;
    for (std::size_t offset = 0; offset < symbols.sh_size; offset += sizeof(Elf64_Sym)) {
      const auto symbol = at<Elf64_Sym>(bytes, symbols.sh_offset + offset);
      if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC) continue;
      const std::string where = text(section(header.e_shstrndx), section(symbol.st_shndx).sh_name);
      found[{where, text(section(symbols.sh_link), symbol.st_name)}] = symbol.st_size;
    }
  }
  return found;
}

}  // namespace

TEST_CASE("the digest is the object's SHA-256") {
  const std::string& digest = ebpf::program_digest();
  CHECK(digest.size() == 64);
  CHECK(digest.find_first_not_of("0123456789abcdef") == std::string::npos);
  CHECK(digest == digest_of_tool(ebpf::program()));
}

TEST_CASE("the object is for the kernel, and names no folder of its build") {
  const auto header = at<Elf64_Ehdr>(ebpf::program(), 0);
  CHECK(header.e_machine == EM_BPF);
  CHECK(header.e_type == ET_REL);
  const std::string bytes(reinterpret_cast<const char*>(ebpf::program().data()), ebpf::program().size());
  CHECK(bytes.find("./backends/ebpf/bpf/program.bpf.c") != std::string::npos);
  CHECK(bytes.find("/backends/ebpf/bpf/decide.h") == bytes.find("./backends/ebpf/bpf/decide.h") + 1);
}

TEST_CASE("every program is there, of its kind") {
  struct Row {
    std::string name;
    bpf_prog_type type;
    bpf_attach_type attach;
  };
  const std::vector<Row> rows = {
      {"pcl_in", BPF_PROG_TYPE_SCHED_CLS, bpf_attach_type{}},
      {"pcl_ask", BPF_PROG_TYPE_SCHED_CLS, bpf_attach_type{}},
      {"pcl_c4", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_CONNECT},
      {"pcl_c6", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET6_CONNECT},
      {"pcl_s4", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_UDP4_SENDMSG},
      {"pcl_s6", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_UDP6_SENDMSG},
      {"pcl_r4", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_UDP4_RECVMSG},
      {"pcl_r6", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_UDP6_RECVMSG},
      {"pcl_g4", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_GETPEERNAME},
      {"pcl_g6", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET6_GETPEERNAME},
  };
  const Object object = open_program();
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const bpf_program* program = bpf_object__find_program_by_name(object.get(), row.name.c_str());
    REQUIRE(program != nullptr);
    CHECK(bpf_program__type(program) == row.type);
    CHECK(bpf_program__expected_attach_type(program) == row.attach);
  }
  std::size_t count = 0;
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, object.get()) {
    ++count;
  }
  CHECK(count == rows.size());
}

TEST_CASE("what is proved are functions of their own") {
  const auto found = functions(ebpf::program());
  for (const char* name : {"decide", "choose"}) {
    CAPTURE(name);
    const auto function = found.find({".text", name});
    REQUIRE(function != found.end());
    CHECK(function->second > 0);
  }
  CHECK(found.contains({"tc", "pcl_in"}));
  CHECK(found.contains({"cgroup/connect4", "pcl_c4"}));
}

}  // namespace portcullis::tests
