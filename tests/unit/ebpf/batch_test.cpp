#include "backends/ebpf/batch.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include <catch2/catch.hpp>
#include <unistd.h>

#include "backends/ebpf/apply_script.hpp"
#include "backends/ebpf/digest.hpp"

namespace portcullis::ebpf {

namespace {

Tables sample() {
  Tables out;
  out.node = "node";
  out.program = std::string(64, '5');
  out.pods = {net::Prefix::parse("10.244.0.0/16").value()};
  out.locals = {{net::Address::parse("192.168.0.10").value(), true, 1}};
  Pool pool{.name = "default/web:80", .sticky = 60, .memory = 9, .endpoints = {}};
  pool.endpoints.push_back({.address = net::Address::parse("10.0.1.2").value(), .port = 8080, .refusals = {}});
  pool.endpoints.push_back({.address = net::Address::parse("fd00::1").value(), .port = 258, .refusals = {}});
  out.pools = {pool};
  Frontend frontend{
      .key = {.address = net::Address::parse("10.96.0.1"), .scope = 0, .protocol = net::Protocol::tcp, .port = 80},
      .owner = "default/web:80",
      .actions = {},
      .pools = {0},
      .ranges = 0};
  frontend.actions.fill({.verdict = Verdict::dnat, .masquerade = true, .pool = 0});
  out.frontends = {frontend};
  return out;
}

std::vector<std::string> lines_of(const std::string& text, const std::string& table) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string map, verb, third, fourth;
    words >> map >> verb >> third >> fourth;
    if (third == table || (third == "pinned" && fourth == table)) out.push_back(line);
  }
  return out;
}

// What bpftool would write: bytes of the keys and values by table.
std::map<std::string, std::vector<std::pair<std::string, std::string>>> written(const std::string& text) {
  std::map<std::string, std::vector<std::pair<std::string, std::string>>> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::array<std::string, 6> head;  // map update pinned TABLE key hex
    for (std::string& word : head) words >> word;
    if (head[1] != "update") continue;
    std::pair<std::string, std::string> row;
    std::string* to = &row.first;
    for (std::string word; words >> word;) {
      if (word == "value") {
        to = &row.second;
        words >> word;
        REQUIRE(word == "hex");
        continue;
      }
      REQUIRE(word.size() == 2);
      to->push_back(static_cast<char>(std::stoi(word, nullptr, 16)));
    }
    out[head[3]].push_back(row);
  }
  return out;
}

std::string bytes(const std::vector<std::byte>& all, std::size_t size, std::size_t row) {
  std::string out;
  for (std::size_t i = 0; i < size; ++i) out.push_back(static_cast<char>(all.at(row * size + i)));
  return out;
}

// A file that goes with the test.
class Script {
 public:
  explicit Script(const std::string& text)
      : path_((std::filesystem::temp_directory_path() / ("portcullis-script-" + std::to_string(::getpid()))).string()) {
    std::ofstream(path_) << text;
  }
  Script(const Script&) = delete;
  Script& operator=(const Script&) = delete;
  ~Script() { static_cast<void>(std::remove(path_.c_str())); }
  // `words`: where the shell's complaints go.
  [[nodiscard]] int checked(const std::string& words = "") const {
    return std::system(("sh -n '" + path_ + "'" + words).c_str());
  }

 private:
  std::string path_;
};

}  // namespace

TEST_CASE("ebpf batch: maps and rows as commands") {
  const std::string text = batch(entries(sample()));
  CHECK(lines_of(text, "endpoints") ==
        std::vector<std::string>{
            "map create endpoints type array flags 0x1000 key 4 value 20 entries 2 name pcl_endpoints",
            "map update pinned endpoints key hex 00 00 00 00 value hex 00 00 00 00 00 00 00 00 00 00 ff ff 0a 00 01 02 "
            "1f 90 "
            "00 00",
            "map update pinned endpoints key hex 01 00 00 00 value hex fd 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 "
            "01 02 "
            "00 00"});
  CHECK(
      lines_of(text, "prefixes") ==
      std::vector<std::string>{
          "map create prefixes type lpm_trie flags 0x1 key 24 value 4 entries 1 name pcl_prefixes",
          "map update pinned prefixes key hex 90 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 ff ff 0a f4 00 00 "
          "value hex 01 00 00 00"});
  // Room for addresses of the node that the artefact does not name.
  CHECK(lines_of(text, "locals").front() == "map create locals type hash key 16 value 4 entries 1025 name pcl_locals");
}

TEST_CASE("ebpf batch: what bpftool writes are the rows, all of them") {
  const Entries all = entries(sample());
  auto found = written(batch(all));
  for (const TableId table : all_tables) {
    const Rows& rows = all.of(table);
    const auto& theirs = found[std::string(to_string(table))];
    INFO(to_string(table));
    REQUIRE(theirs.size() == rows.count());
    CHECK(rows.count() > 0);
    for (std::size_t i = 0; i < rows.count(); ++i) {
      CHECK(theirs[i].first == bytes(rows.keys(), rows.key_size(), i));
      CHECK(theirs[i].second == bytes(rows.values(), rows.value_size(), i));
    }
  }
}

TEST_CASE("ebpf batch: a table without rows has room for one") {
  const std::string text = batch(entries(Tables{}));
  CHECK(lines_of(text, "frontends") ==
        std::vector<std::string>{"map create frontends type hash key 20 value 32 entries 1 name pcl_frontends"});
}

TEST_CASE("apply.sh of eBPF: says which program and which tables it brings") {
  Tables tables = sample();
  tables.pod_interface = PodInterface{"it's", true};
  tables.others_scope = {3, 4};
  const std::string script = apply_script(tables, "the text");
  CHECK(script.find("\nversion=1-55555555555555555555555555555555\n") != std::string::npos);
  CHECK(script.find("\npods='it'\\''s'\npods_prefix=1\n") != std::string::npos);
  CHECK(script.find("\nscope4=3\nscope6=4\n") != std::string::npos);
  // struct Origin: the digest's digits, the name padded to 16 bytes, 1, 0.
  std::string origin;
  const std::string digest = sha256("the text");
  append_bytes(origin, std::as_bytes(std::span(digest)));
  origin += " 69 74 27 73 00 00 00 00 00 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00";
  CHECK(script.find("\norigin='" + origin.substr(1) + "'\n") != std::string::npos);
  CHECK(Script(script).checked() == 0);
  CHECK(Script(script + "if\n").checked(" 2>/dev/null") != 0);
}

}  // namespace portcullis::ebpf
