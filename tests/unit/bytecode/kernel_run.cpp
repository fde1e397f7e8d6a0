#include "tests/unit/bytecode/kernel_run.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string_view>

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/unit/bytecode/assembly.hpp"

namespace portcullis::tests {

namespace {

class Program {
 public:
  explicit Program(const std::vector<Instruction>& instructions) {
    std::vector<bpf_insn> slots;
    for (const Instruction& i : instructions) {
      bpf_insn slot{};
      slot.code = i.code;
      slot.dst_reg = i.destination & 0xFU;
      slot.src_reg = i.source & 0xFU;
      slot.off = i.offset;
      slot.imm = i.immediate;
      slots.push_back(slot);
    }
    bpf_attr attributes{};
    attributes.prog_type = BPF_PROG_TYPE_SCHED_CLS;
    attributes.insns = reinterpret_cast<std::uintptr_t>(slots.data());
    attributes.insn_cnt = static_cast<std::uint32_t>(slots.size());
    attributes.license = reinterpret_cast<std::uintptr_t>("GPL");
    file_ = static_cast<int>(syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof attributes));
    error_ = file_ < 0 ? errno : 0;
  }
  ~Program() {
    if (file_ >= 0) close(file_);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  Program(Program&&) = delete;
  Program& operator=(Program&&) = delete;

  [[nodiscard]] int error() const { return error_; }
  [[nodiscard]] std::uint32_t run() const {
    std::array<std::uint8_t, 64> packet{};
    bpf_attr attributes{};
    attributes.test.prog_fd = static_cast<std::uint32_t>(file_);
    attributes.test.data_in = reinterpret_cast<std::uintptr_t>(packet.data());
    attributes.test.data_size_in = packet.size();
    if (syscall(SYS_bpf, BPF_PROG_TEST_RUN, &attributes, sizeof attributes) != 0)
      throw std::runtime_error(fmt::format("the kernel does not run a program: {}", std::strerror(errno)));
    return attributes.test.retval;
  }

 private:
  int file_ = -1, error_ = 0;
};

std::uint32_t low_half(const std::vector<Instruction>& instructions) {
  const Program program(instructions);
  if (program.error() != 0)
    throw std::runtime_error(fmt::format("the kernel refuses a program: {}", std::strerror(program.error())));
  return program.run();
}

}  // namespace

bool kernel_runs_programs() {
  const Program nothing({set(0, 0), leave()});
  if (nothing.error() == 0) return true;
  const std::string why = fmt::format("SKIPPED: the kernel takes no program here: {}", std::strerror(nothing.error()));
  const char* wish = std::getenv("PORTCULLIS_KERNEL");
  if (wish != nullptr && std::string_view(wish) == "require") FAIL(why);
  WARN(why);
  return false;
}

std::uint64_t run_in_kernel(const std::vector<Instruction>& instructions) {
  std::vector<Instruction> high(instructions.begin(), instructions.end() - 1);
  high.push_back(calculate_by(bytecode::Operation::shift_right, 64, 0, 32));
  high.push_back(instructions.back());
  return std::uint64_t{low_half(high)} << 32U | low_half(instructions);
}

}  // namespace portcullis::tests
