#include "backends/nftables/values.hpp"

#include <catch2/catch.hpp>

#include "backends/nftables/words.hpp"

namespace {

using namespace portcullis::nftables;

std::string spelled(Type type, const char* text) {
  const auto range = parse_range(type, text);
  if (!range) return "-";
  std::string out;
  append_range(out, type, range->low, range->high);
  return out;
}

}  // namespace

TEST_CASE("values: read in every spelling, printed in nft's") {
  struct Row {
    Type type;
    const char* text;
    const char* spelled;
  };
  const std::vector<Row> rows{
      {Type::ipv4_addr, "10.96.0.20", "10.96.0.20"},
      {Type::ipv4_addr, "10.96.0.0/16", "10.96.0.0/16"},
      {Type::ipv4_addr, "10.96.3.4/16", "10.96.0.0/16"},
      {Type::ipv4_addr, "10.96.0.0-10.96.0.255", "10.96.0.0/24"},
      {Type::ipv4_addr, "10.96.0.1-10.96.0.6", "10.96.0.1-10.96.0.6"},
      {Type::ipv4_addr, "0.0.0.0/0", "0.0.0.0/0"},
      {Type::ipv4_addr, "10.96.0.20/32", "10.96.0.20"},
      {Type::ipv4_addr, "10.96.0.0/33", "-"},
      {Type::ipv4_addr, "fd00::1", "-"},
      {Type::ipv6_addr, "fd00::1", "fd00::1"},
      {Type::ipv6_addr, "fd00::/8", "fd00::/8"},
      {Type::ipv6_addr, "fd00::1-fd00::4", "fd00::1-fd00::4"},
      {Type::inet_service, "80", "80"},
      {Type::inet_service, "80-90", "80-90"},
      {Type::inet_service, "90-80", "-"},
      {Type::inet_service, "65536", "-"},
      {Type::inet_service, "http", "-"},
      {Type::inet_proto, "tcp", "tcp"},
      {Type::inet_proto, "6", "tcp"},
      {Type::inet_proto, "icmpv6", "ipv6-icmp"},
      {Type::inet_proto, "99", "99"},
      {Type::classid, "5010:1", "5010:1"},
      {Type::classid, "0:0", "none"},
      {Type::classid, "none", "none"},
      {Type::classid, "5000:0-60ff:ffff", "5000:0-60ff:ffff"},
      {Type::classid, "0x50000001", "5000:1"},
      {Type::classid, "10000:1", "-"},
      {Type::mark, "0x4000", "0x00004000"},
      {Type::mark, "16384", "0x00004000"},
      {Type::ifname, "cni0", "\"cni0\""},
      {Type::ifname, "sixteen-bytes-is", "-"},
      {Type::ct_state, "new", "new"},
      {Type::ct_state, "fresh", "-"},
      {Type::fib_addrtype, "local", "local"},
      {Type::fib_addrtype, "broadcast", "-"},
      {Type::integer, "-1", "-"},
      {Type::integer, "4294967296", "-"},
  };
  for (const Row& row : rows) {
    INFO(to_string(row.type) << " " << row.text);
    CHECK(spelled(row.type, row.text) == row.spelled);
  }
}

TEST_CASE("values: durations") {
  struct Row {
    const char* text;
    std::optional<std::uint32_t> seconds;
    const char* spelled;
  };
  const std::vector<Row> rows{
      {"600s", 600, "10m"}, {"10m", 600, "10m"},      {"3h", 10800, "3h"},     {"1d2h3m4s", 93784, "1d2h3m4s"},
      {"90", 90, "1m30s"},  {"1500ms", 1, "1s"},      {"0s", 0, "0s"},         {"10x", {}, ""},
      {"m", {}, ""},        {"99999999999s", {}, ""}, {"4294967295d", {}, ""},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    CHECK(parse_duration(row.text) == row.seconds);
    if (row.seconds) CHECK(duration_text(*row.seconds) == row.spelled);
  }
}

TEST_CASE("values: comments fit into 128 bytes and never end their quotes") {
  CHECK(comment_text("default/web:http") == "default/web:http");
  CHECK(comment_text("a\"b\nc") == "a'b\\x0ac");
  CHECK(comment_text(std::string(128, 'x')) == std::string(128, 'x'));
  const std::string cut = comment_text(std::string(129, 'x'));
  CHECK(cut.size() == 128);
  CHECK(cut.starts_with(std::string(117, 'x') + "…"));
  CHECK(cut != comment_text(std::string(130, 'x')));
  // A cut never falls into a code point: 116 bytes and then `ä`.
  CHECK(comment_text(std::string(116, 'x') + std::string(10, 'y').replace(0, 0, "ää") + "zzzzzzzzz")
            .starts_with(std::string(116, 'x') + "…"));
  for (const char* text : {"a\"b\nc", "\\", "ä"}) CHECK(comment_text(comment_text(text)) == comment_text(text));
}
