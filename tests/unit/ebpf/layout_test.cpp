// The maps of the embedded program have the sizes of bpf/types.h.
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "backends/ebpf/bpf/types.h"
#include "tests/unit/ebpf/object.hpp"

namespace portcullis::tests {

namespace {

struct Row {
  std::string name;
  bpf_map_type type;
  std::size_t key, value;
  std::size_t entries;
};

void check(const bpf_map* map, const Row& row) {
  CAPTURE(row.name);
  REQUIRE(map != nullptr);
  CHECK(bpf_map__type(map) == row.type);
  CHECK(bpf_map__key_size(map) == row.key);
  CHECK(bpf_map__value_size(map) == row.value);
  CHECK(bpf_map__max_entries(map) == row.entries);
}

const std::vector<Row> own_maps = {
    {"active", BPF_MAP_TYPE_ARRAY, sizeof(pcl_u32), sizeof(pcl_u32), 1},
    {"aff", BPF_MAP_TYPE_LRU_HASH, sizeof(pcl_memory_key), sizeof(pcl_memory), 65536},
    {"ifs", BPF_MAP_TYPE_HASH, sizeof(pcl_u32), sizeof(pcl_interface), 1024},
    {"socks", BPF_MAP_TYPE_LRU_HASH, sizeof(pcl_socket_key), sizeof(pcl_socket), 65536},
    {"stats", BPF_MAP_TYPE_PERCPU_ARRAY, sizeof(pcl_u32), sizeof(pcl_u64), PCL_COUNTER_END},
    {"cfg", BPF_MAP_TYPE_ARRAY, sizeof(pcl_u32), sizeof(pcl_config), 1},
};

// By what a slot of a generation holds.
const std::vector<Row> tables = {
    {"t_frontends", BPF_MAP_TYPE_HASH, sizeof(pcl_frontend_key), sizeof(pcl_frontend), 1},
    {"t_pools", BPF_MAP_TYPE_ARRAY, sizeof(pcl_u32), sizeof(pcl_pool), 1},
    {"t_endpoints", BPF_MAP_TYPE_ARRAY, sizeof(pcl_u32), sizeof(pcl_endpoint), 1},
    {"t_members", BPF_MAP_TYPE_HASH, sizeof(pcl_member_key), sizeof(pcl_u32), 1},
    {"t_prefixes", BPF_MAP_TYPE_LPM_TRIE, sizeof(pcl_prefix_key), sizeof(pcl_u32), 1},
    {"t_locals", BPF_MAP_TYPE_HASH, sizeof(pcl_addr), sizeof(pcl_local), 1},
};

#define WORD(counter, word) word,
const std::vector<std::string> words = {PCL_COUNTERS(WORD)};
#undef WORD

}  // namespace

TEST_CASE("maps that survive generations") {
  const Object object = open_program();
  for (const Row& row : own_maps) check(bpf_object__find_map_by_name(object.get(), row.name.c_str()), row);
}

TEST_CASE("tables of generations, and what their slots hold") {
  const Object object = open_program();
  for (const Row& row : tables) {
    CAPTURE(row.name);
    bpf_map* outer = bpf_object__find_map_by_name(object.get(), row.name.c_str());
    check(outer, {row.name, BPF_MAP_TYPE_ARRAY_OF_MAPS, sizeof(pcl_u32), sizeof(pcl_u32), PCL_GENERATIONS});
    check(bpf_map__inner_map(outer), row);
  }
}

TEST_CASE("there are no other maps") {
  const Object object = open_program();
  std::size_t count = 0;
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object.get()) {
    ++count;
  }
  CHECK(count == own_maps.size() + tables.size());
}

TEST_CASE("tables of the size of an artefact take the place of their patterns") {
  // Arrays of another size are only taken where the pattern says so; those of tries need not be allocated before.
  const Object object = open_program();
  const auto flags = [&](const char* name) {
    return bpf_map__map_flags(bpf_map__inner_map(bpf_object__find_map_by_name(object.get(), name)));
  };
  CHECK(flags("t_pools") == BPF_F_INNER_MAP);
  CHECK(flags("t_endpoints") == BPF_F_INNER_MAP);
  CHECK(flags("t_prefixes") == BPF_F_NO_PREALLOC);
}

TEST_CASE("every counter has a word of its own") {
  CHECK(words.size() == PCL_COUNTER_END);
  CHECK(std::set<std::string>(words.begin(), words.end()).size() == words.size());
  for (const std::string& word : words) {
    CAPTURE(word);
    CHECK_FALSE(word.empty());
    CHECK(word.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") == std::string::npos);
  }
}

}  // namespace portcullis::tests
