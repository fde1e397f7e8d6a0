#include "compiler/cluster/validate/names.hpp"

#include <catch2/catch.hpp>

namespace portcullis::cluster {

namespace {

std::string times(std::size_t n, char c = 'x') {
  return std::string(n, c);
}

struct Row {
  std::string text;
  std::size_t faults;
};

void check(Faults (*rule)(std::string_view), const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Faults faults = rule(row.text);
    CAPTURE(faults);
    CHECK(faults.size() == row.faults);
  }
}

}  // namespace

TEST_CASE("RFC 1123 labels") {
  check(dns_label, {{"web", 0},
                    {"9web", 0},
                    {"a-b", 0},
                    {"a", 0},
                    {times(63), 0},
                    {times(64), 1},
                    {"", 1},
                    {"Web", 1},
                    {"-a", 1},
                    {"a-", 1},
                    {"a.b", 1},
                    {"a_b", 1},
                    {"é", 1},
                    {"a b", 1},
                    {times(64) + "-", 2},
                    {std::string("a\0b", 3), 1}});
}

TEST_CASE("RFC 1035 labels begin with a letter") {
  check(dns_1035_label, {{"web", 0}, {"w9", 0}, {"9web", 1}, {"-w", 1}, {"", 1}, {times(64), 1}});
}

TEST_CASE("RFC 1123 subdomains") {
  check(dns_subdomain, {{"a", 0},
                        {"a.b", 0},
                        {"1.2.3.4", 0},
                        {"xn--bcher-kva.example", 0},
                        {times(64) + ".com", 0},
                        {times(253), 0},
                        {times(254), 1},
                        {"", 1},
                        {"a..b", 1},
                        {".a", 1},
                        {"a.", 1},
                        {"a.-b", 1},
                        {"a-.b", 1},
                        {"A.b", 1},
                        {"a_b.c", 1},
                        {"a:80", 1},
                        {"*.a", 1}});
}

TEST_CASE("wildcards stand alone in the first label") {
  check(wildcard_subdomain, {{"*.com", 0},
                             {"*.a.example.com", 0},
                             {"*", 1},
                             {"*.", 1},
                             {"*.*.com", 1},
                             {"a.*.com", 1},
                             {"*a.com", 1},
                             {"a*.com", 1},
                             {"*.A.com", 1},
                             {"*." + times(252), 1}});
}

TEST_CASE("fully qualified domains have two labels") {
  check(fully_qualified_domain, {{"a.example.com", 0},
                                 {"a.b", 0},
                                 {"a.b.", 0},
                                 {"10.1.2.3", 0},
                                 {"foo", 1},
                                 {"foo.", 1},
                                 {"A.b", 1},
                                 {"a..b", 1},
                                 {".", 1},
                                 {times(64) + ".b", 1},
                                 {times(63) + ".b", 0},
                                 {times(254) + ".b", 1}});
}

TEST_CASE("qualified names") {
  check(qualified_name, {{"http", 0},
                         {"HTTPS", 0},
                         {"kubernetes.io/h2c", 0},
                         {"a_b.c-d", 0},
                         {times(63), 0},
                         {"a/" + times(63), 0},
                         {times(64), 1},
                         {"a b", 1},
                         {"-a", 1},
                         {"a-", 1},
                         {"/x", 1},
                         {"a/b/c", 1},
                         {"UP_/a", 1},
                         {"UP_/a b", 2},
                         {"", 2},
                         {"x/", 2},
                         {"Bad/", 3},
                         {times(254) + "/a", 1}});
}

TEST_CASE("label values may be empty") {
  check(label_value, {{"", 0},
                      {"web", 0},
                      {"x-y.z", 0},
                      {"Mixed_1", 0},
                      {times(63), 0},
                      {times(64), 1},
                      {"x y", 1},
                      {"-x", 1},
                      {"x.", 1},
                      {"a/b", 1},
                      {times(63) + " ", 2}});
}

TEST_CASE("port names: every broken clause counts") {
  check(port_name, {{"http", 0},
                    {"a", 0},
                    {"8a", 0},
                    {"a-b-c", 0},
                    {times(15), 0},
                    {times(16), 1},
                    {"toolongportname16", 1},
                    {"1234", 1},
                    {"HTTP", 2},
                    {"a--b", 1},
                    {"-a", 1},
                    {"a-", 1},
                    {"", 2},
                    {"my--HTTP", 2},
                    {"a.b", 1},
                    {"--", 3},
                    {"-----------------", 4}});
}

TEST_CASE("path segments and domain-prefixed paths") {
  check(path_segment, {{"Bucket", 0}, {"a.b", 0}, {".", 1}, {"..", 1}, {"a/b", 1}, {"a%b", 1}, {"a/%", 2}, {"...", 0}});
  check(domain_prefixed_path, {{"k8s.io/ingress-nginx", 0},
                               {"a.example.com/x/y", 0},
                               {"a.b/c?d", 1},
                               {"nginx", 1},
                               {"/x", 1},
                               {"a/", 1},
                               {"A.b/c", 1},
                               {"A.b/c d", 2},
                               {"a.b/é", 1}});
}

TEST_CASE("a prefix for generated names may end in a hyphen") {
  CHECK(without_trailing_hyphen("web-") == "wea");
  CHECK(without_trailing_hyphen("web") == "web");
  CHECK(without_trailing_hyphen("-") == "-");
  CHECK(without_trailing_hyphen("w--") == "wa");
}

TEST_CASE("addresses are read strictly") {
  check(ip_address, {{"10.0.0.5", 0},
                     {"255.255.255.255", 0},
                     {"2001:db8::7", 0},
                     {"FD00::1", 0},
                     {"::", 0},
                     {"010.0.0.5", 1},
                     {"10.0.0.05", 1},
                     {"::ffff:1.2.3.4", 1},
                     {"::ffff:0102:0304", 1},
                     {"1.2.3", 1},
                     {"1.2.3.4/32", 1},
                     {"", 1},
                     {"None", 1},
                     {"fe80::1%eth0", 1},
                     {"[::1]", 1},
                     {"10.0.0.256", 1},
                     {" 10.0.0.1", 1}});
  CHECK(canonical_address("010.0.0.5") == "10.0.0.5");
  CHECK(canonical_address("::ffff:1.2.3.4") == "1.2.3.4");
  CHECK(canonical_address("x").empty());
}

TEST_CASE("CIDRs are read strictly") {
  check(cidr, {{"10.0.0.0/8", 0},
               {"0.0.0.0/0", 0},
               {"::/0", 0},
               {"2001:db8::/32", 0},
               {"10.1.2.3/32", 0},
               {"10.0.0.1/8", 1},
               {"010.0.0.0/8", 1},
               {"10.0.0.0/08", 1},
               {"10.0.0.0/33", 1},
               {"2001:db8::1/129", 1},
               {"2001:db8::1/32", 1},
               {"::ffff:10.0.0.0/104", 1},
               {"10.0.0.0", 1},
               {"", 1},
               {"x", 1},
               {"10.0.0.0/", 1},
               {"10.0.0.0/-1", 1},
               {"10.0.0.0/+8", 1},
               {"/8", 1},
               {" 10.0.0.0/8", 1},
               {"10.0.0.0/8/8", 1}});
  CHECK(canonical_cidr("10.0.0.1/8") == "10.0.0.0/8");
  CHECK(canonical_cidr("x").empty());
}

TEST_CASE("addresses that never leave their host or link") {
  const auto faults = [](std::string_view text) { return special_address(net::Address::parse(text).value()).size(); };
  for (const char* text : {"0.0.0.0", "::", "127.0.0.1", "127.255.0.1", "::1", "169.254.1.1", "fe80::1", "224.0.0.5",
                           "ff02::1", "ff12::1"}) {
    CAPTURE(text);
    CHECK(faults(text) == 1);
  }
  for (const char* text : {"10.0.0.1", "240.0.0.1", "255.255.255.255", "224.0.1.1", "169.253.0.1", "fec0::1", "ff05::2",
                           "2001:db8::1", "::2"}) {
    CAPTURE(text);
    CHECK(faults(text) == 0);
  }
}

}  // namespace portcullis::cluster
