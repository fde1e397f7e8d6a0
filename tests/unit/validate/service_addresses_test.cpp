#include <catch2/catch.hpp>

#include "tests/unit/validate/findings.hpp"

namespace portcullis::validate_test {

namespace {

void check_spec(const std::string& spec, const std::vector<std::string>& expected,
                const cluster::Profile& profile = dual_stack()) {
  const std::string text =
      "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 80}], " + spec + "}}";
  check({"spec", text.c_str(), expected}, profile);
}

}  // namespace

TEST_CASE("clusterIP and clusterIPs say the same") {
  check_spec("clusterIP: 172.31.130.9", {});
  check_spec("clusterIP: 172.31.130.9, clusterIPs: [172.31.130.9]", {});
  check_spec("clusterIP: \"\", clusterIPs: []", {});
  check_spec("clusterIPs: [172.31.130.9]", {"PC2029 spec.clusterIPs invalid"});
  check_spec("clusterIPs: [None]", {"PC2029 spec.clusterIPs invalid"});
  check_spec("clusterIP: 172.31.130.9, clusterIPs: [172.31.130.10]", {"PC2029 spec.clusterIPs invalid"});
}

TEST_CASE("cluster IPs are addresses of two families, or None alone") {
  const std::string dual = "ipFamilyPolicy: RequireDualStack, ";
  check_spec(dual + "clusterIP: 172.31.130.9, clusterIPs: [172.31.130.9, 'fd77:5e::9']", {});
  check_spec("clusterIP: bad", {"PC2030 spec.clusterIPs[0] invalid"});
  check_spec("clusterIP: none", {"PC2030 spec.clusterIPs[0] invalid"});
  check_spec("clusterIP: 172.031.130.9", {"PC2030 spec.clusterIPs[0] invalid"});
  check_spec("clusterIP: None, clusterIPs: [None, None]",
             {"PC2030 spec.clusterIPs invalid", "PC2030 spec.clusterIPs[1] invalid"});
  check_spec(dual + "clusterIP: 172.31.130.9, clusterIPs: [172.31.130.9, 172.31.130.10]",
             {"PC2030 spec.clusterIPs invalid"});
  check_spec(dual + "clusterIP: 172.31.130.9, clusterIPs: [172.31.130.9, 'fd77:5e::9', 'fd77:5e::a']",
             {"PC2030 spec.clusterIPs invalid"});
}

TEST_CASE("families") {
  check_spec("ipFamilies: [IPv6]", {});
  check_spec("ipFamilies: [ipv4]", {"PC2031 spec.ipFamilies[0] unsupported"});
  check_spec("ipFamilies: [IPv4, IPv4]", {"PC2031 spec.ipFamilies[1] duplicate"});
  check_spec("ipFamilies: [IPv4, IPv6, IPv4]", {"PC2031 spec.ipFamilies[2] duplicate"});
  check_spec("ipFamilies: [IPv6], clusterIP: 172.31.130.9", {"PC2031 spec.clusterIPs[0] invalid"});
  check_spec("ipFamilies: [IPv6], clusterIP: 'fd77:5e::9'", {});
}

TEST_CASE("policies") {
  check_spec("ipFamilyPolicy: PreferDualStack, ipFamilies: [IPv6, IPv4]", {});
  check_spec("ipFamilyPolicy: DualStack", {"PC2032 spec.ipFamilyPolicy unsupported"});
  check_spec("ipFamilyPolicy: \"\"", {"PC2032 spec.ipFamilyPolicy unsupported"});
  check_spec("ipFamilies: [IPv6, IPv4]", {"PC2033 spec.ipFamilyPolicy invalid"});
  check_spec("clusterIP: 172.31.130.9, clusterIPs: [172.31.130.9, 'fd77:5e::9'], ipFamilies: [IPv4, IPv6]",
             {"PC2033 spec.ipFamilyPolicy invalid", "PC2033 spec.ipFamilyPolicy invalid"});
  // Headless without a selector is of both families by default, with one it is not.
  check_spec("clusterIP: None, ipFamilies: [IPv6, IPv4]", {});
  check_spec("clusterIP: None, selector: {app: web}, ipFamilies: [IPv6, IPv4]", {"PC2033 spec.ipFamilyPolicy invalid"});
}

TEST_CASE("a cluster of one family") {
  check_spec("ipFamilyPolicy: PreferDualStack", {}, single_stack());
  check_spec("ipFamilyPolicy: RequireDualStack", {"PC2041 spec.ipFamilyPolicy invalid"}, single_stack());
  check_spec("ipFamilies: [IPv6]", {"PC2041 spec.ipFamilies[0] invalid"}, single_stack());
  check_spec("clusterIP: 'fd77:5e::9'", {"PC2041 spec.clusterIPs[0] invalid"}, single_stack());
  check_spec("clusterIP: None, ipFamilies: [IPv4, IPv6]", {}, single_stack());
  check_spec("clusterIP: None, selector: {app: web}, ipFamilyPolicy: RequireDualStack",
             {"PC2041 spec.ipFamilyPolicy invalid"}, single_stack());
}

TEST_CASE("addresses that the allocator gives") {
  check_spec("clusterIP: 172.31.128.77", {});
  check_spec("clusterIP: 172.31.255.254", {});
  check_spec("clusterIP: 'fd77:5e::ffff'", {});
  check_spec("clusterIP: 10.0.0.1", {"PC2039 spec.clusterIPs invalid"});
  check_spec("clusterIP: 172.31.128.0", {"PC2039 spec.clusterIPs invalid"});
  check_spec("clusterIP: 172.31.255.255", {"PC2039 spec.clusterIPs invalid"});
  check_spec("clusterIP: 172.31.128.1", {"PC2039 spec.clusterIPs invalid"});  // the API server's own
  check_spec("clusterIP: 'fd77:5e::'", {"PC2039 spec.clusterIPs invalid"});
  check_spec("clusterIP: 'fd77:5e::1'", {});
  check_spec("clusterIP: 'fd00::1'", {"PC2039 spec.clusterIPs invalid"});
  check({"the API server's Service",
         "{apiVersion: v1, kind: Service, metadata: {name: kubernetes, namespace: default}, spec: {clusterIP: "
         "172.31.128.1, ports: [{port: 443}]}}",
         {}});
}

TEST_CASE("what nobody stated is not held against a Service") {
  const cluster::Profile unstated = [] {
    cluster::Profile profile = single_stack();
    profile.service_cidrs_given = false;
    return profile;
  }();
  check_spec("ipFamilyPolicy: RequireDualStack", {}, unstated);
  check_spec("clusterIP: 'fd77:5e::9'", {"PC2039 spec.clusterIPs (warning)"}, unstated);
  const std::string outside =
      "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {clusterIP: 10.0.0.1, ports: [{port: 80}]}}";
  const Answer answer = validated(outside, unstated);
  CHECK(answer.lines() == std::vector<std::string>{"PC2039 spec.clusterIPs (warning)"});
  CHECK(answer.accepted);

  cluster::Profile unknown = single_stack();
  unknown.service_cidrs.clear();
  unknown.service_cidrs_known = false;
  CHECK(validated(outside, unknown).lines().empty());
}

TEST_CASE("every stage is heard, a stage that hangs on a failed one is not") {
  check_spec("clusterIP: 10.0.0.1, type: clusterip, selector: {a b: c}",
             {"PC2039 spec.clusterIPs invalid", "PC2013 spec.selector invalid", "PC2017 spec.type unsupported"});
  check_spec("clusterIP: 10.0.0.1, ipFamilies: [ipv4]", {"PC2031 spec.ipFamilies[0] unsupported"});
}

}  // namespace portcullis::validate_test
