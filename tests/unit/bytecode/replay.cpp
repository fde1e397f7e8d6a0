#include "tests/unit/bytecode/replay.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/bpf.h>
#include <unistd.h>

#include "backends/ebpf/bpf/types.h"

namespace portcullis::tests {

namespace {

void require(bool held, std::string_view what) {
  if (!held) throw std::runtime_error(fmt::format("{}: {}", what, std::strerror(errno)));
}

// Every table is a hash here: keys may be any numbers, and a key is found or not, as in the proof.
constexpr std::uint32_t rows_of_a_table = 64;
constexpr std::string_view table_prefix = "t_";

class Loaded {
 public:
  explicit Loaded(std::span<const std::byte> bytes)
      : object_(bpf_object__open_mem(bytes.data(), bytes.size(), nullptr)) {
    require(object_ != nullptr, "the object cannot be opened");
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, object_.get()) {
      const bool asks = std::string_view(bpf_program__name(program)) == "pcl_ask";
      bpf_program__set_autoload(program, asks);
    }
    bpf_map* map = nullptr;
    bpf_object__for_each_map(map, object_.get()) {
      if (!std::string_view(bpf_map__name(map)).starts_with(table_prefix)) continue;
      bpf_map* inner = bpf_map__inner_map(map);
      require(inner != nullptr, "a table has no pattern");
      bpf_map__set_type(inner, BPF_MAP_TYPE_HASH);
      bpf_map__set_map_flags(inner, 0);
    }
    require(bpf_object__load(object_.get()) == 0, "the object cannot be loaded");
  }

  void fill(std::uint32_t generation, bytecode::Table table, const std::vector<bytecode::Witness::Row>& rows) const {
    const std::string name(bytecode::to_string(table));
    const int inner = bpf_map_create(BPF_MAP_TYPE_HASH, nullptr, bytecode::key_bytes(table),
                                     bytecode::entry_bytes(table), rows_of_a_table, nullptr);
    require(inner >= 0, "a table cannot be made");
    for (const auto& row : rows) {
      if (row.table != table) continue;
      require(bpf_map_update_elem(inner, row.key.data(), row.entry.data(), BPF_NOEXIST) == 0,
              "a row cannot be written");
    }
    const int outer = bpf_object__find_map_fd_by_name(object_.get(), name.c_str());
    const int error = bpf_map_update_elem(outer, &generation, &inner, BPF_ANY);
    close(inner);
    require(error == 0, "a table cannot be put into its place");
  }

  [[nodiscard]] pcl_answer ask(const pcl_question& question) const {
    const int program = bpf_program__fd(bpf_object__find_program_by_name(object_.get(), "pcl_ask"));
    std::array<std::uint8_t, sizeof(pcl_question) + sizeof(pcl_answer)> packet{}, out{};
    std::memcpy(packet.data(), &question, sizeof question);
    bpf_test_run_opts options{};
    options.sz = sizeof options;
    options.data_in = packet.data();
    options.data_size_in = packet.size();
    options.data_out = out.data();
    options.data_size_out = out.size();
    require(bpf_prog_test_run_opts(program, &options) == 0 && options.retval == 0, "the program does not run");
    pcl_answer answer{};
    std::memcpy(&answer, out.data() + sizeof(pcl_question), sizeof answer);
    return answer;
  }

 private:
  struct Close {
    void operator()(bpf_object* object) const { bpf_object__close(object); }
  };
  std::unique_ptr<bpf_object, Close> object_;
};

template <class T>
bytecode::Octets octets_of(const T& value) {
  bytecode::Octets out(sizeof value);
  std::memcpy(out.data(), &value, sizeof value);
  return out;
}

// Whatever the packet's class is, the decision is the witness's.
bytecode::Witness::Row frontend_for(const pcl_flow& flow, std::uint64_t decision) {
  pcl_frontend_key key{};
  key.address = flow.destination;
  key.port = flow.port;
  key.protocol = flow.protocol;
  pcl_frontend frontend{};
  const bool masquerades = (decision & PCL_DECISION_MASQUERADE) != 0;
  std::ranges::fill(frontend.action, static_cast<pcl_u8>(PCL_DNAT | (masquerades ? PCL_ACTION_MASQUERADE : 0)));
  frontend.pool[0] = static_cast<pcl_u32>(decision >> 32U);
  return {bytecode::Table::frontends, octets_of(key), octets_of(frontend)};
}

}  // namespace

Answer ask_kernel(std::span<const std::byte> object, const bytecode::Witness& witness) {
  pcl_question question{};
  std::memcpy(&question.flow, witness.flow.data(), sizeof question.flow);
  if (!witness.remembered.empty()) std::memcpy(&question.memory, witness.remembered.data(), sizeof question.memory);
  question.remembered = witness.remembered.empty() ? 0 : 1;
  question.random = witness.random;
  auto rows = witness.rows;
  if (witness.chooses) rows.push_back(frontend_for(question.flow, witness.decision));
  const Loaded loaded(object);
  using bytecode::Table;
  for (const Table table :
       {Table::frontends, Table::pools, Table::endpoints, Table::members, Table::prefixes, Table::locals})
    loaded.fill(question.flow.generation % PCL_GENERATIONS, table, rows);
  const pcl_answer answer = loaded.ask(question);
  return {answer.decision, answer.verdict, octets_of(answer.choice)};
}

}  // namespace portcullis::tests
