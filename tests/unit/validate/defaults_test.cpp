#include "compiler/cluster/validate/defaults.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/validate/findings.hpp"

namespace portcullis::cluster {

namespace {

base::Located<std::string> text(const char* value) {
  return {value, {}};
}
std::vector<manifest::Text> texts(std::initializer_list<const char*> values) {
  std::vector<manifest::Text> out;
  for (const char* value : values) out.push_back(text(value));
  return out;
}
using Families = std::vector<net::Family>;
constexpr net::Family v4 = net::Family::ipv4;
constexpr net::Family v6 = net::Family::ipv6;

}  // namespace

TEST_CASE("an empty Service gets the API's defaults") {
  const manifest::Service service;
  const ServiceDefaults filled = defaults(service, validate_test::dual_stack());
  CHECK(filled.type == "ClusterIP");
  CHECK(filled.session_affinity == "None");
  CHECK_FALSE(filled.client_ip_timeout);
  CHECK(filled.external_traffic_policy.empty());
  CHECK(filled.internal_traffic_policy == "Cluster");
  CHECK_FALSE(filled.allocate_node_ports);
  CHECK(filled.cluster_ips.empty());
  CHECK_FALSE(filled.headless);
  CHECK(filled.ip_family_policy == "SingleStack");
  CHECK(filled.ip_families == Families{v4});
}

TEST_CASE("defaults that hang on the type") {
  manifest::Service service;
  service.type = text("LoadBalancer");
  service.session_affinity = text("ClientIP");
  ServiceDefaults filled = defaults(service, validate_test::dual_stack());
  CHECK(filled.allocate_node_ports == true);
  CHECK(filled.external_traffic_policy == "Cluster");
  CHECK(filled.client_ip_timeout == 10800);

  service.type = text("ExternalName");
  filled = defaults(service, validate_test::dual_stack());
  CHECK(filled.internal_traffic_policy.empty());
  CHECK(filled.external_traffic_policy.empty());
  CHECK(filled.ip_families.empty());
  CHECK_FALSE(filled.headless);

  service.type = text("ClusterIP");
  service.external_ips = texts({"203.0.113.1"});
  CHECK(externally_accessible(service));
  CHECK(defaults(service, validate_test::dual_stack()).external_traffic_policy == "Cluster");
}

TEST_CASE("families come from the object, then from the cluster") {
  manifest::Service service;
  const auto families = [&](const Profile& profile) { return defaults(service, profile).ip_families; };
  const Profile dual = validate_test::dual_stack(), single = validate_test::single_stack();
  Profile six = dual;
  std::swap(six.service_cidrs[0], six.service_cidrs[1]);

  SECTION("the cluster's first range") {
    CHECK(families(six) == Families{v6});
  }
  SECTION("PreferDualStack takes what there is") {
    service.ip_family_policy = text("PreferDualStack");
    CHECK(families(dual) == Families{v4, v6});
    CHECK(families(six) == Families{v6, v4});
    CHECK(families(single) == Families{v4});
  }
  SECTION("a given address") {
    service.cluster_ip = text("fd77:5e::9");
    CHECK(families(dual) == Families{v6});
  }
  SECTION("a given family first") {
    service.ip_families = texts({"IPv6"});
    service.ip_family_policy = text("RequireDualStack");
    CHECK(families(dual) == Families{v6, v4});
  }
  SECTION("unknown words and repetitions count for nothing") {
    service.ip_families = texts({"ipv6", "IPv4", "IPv4"});
    CHECK(families(dual) == Families{v4});
  }
  SECTION("headless without a selector needs no ranges") {
    service.cluster_ip = text("None");
    CHECK(defaults(service, single).headless);
    CHECK(defaults(service, single).ip_family_policy == "RequireDualStack");
    CHECK(families(single) == Families{v4, v6});
    service.selector.emplace().entries.push_back({text("app"), text("web")});
    CHECK(families(single) == Families{v4});
  }
  SECTION("RequireDualStack is believed where nobody stated the ranges") {
    service.ip_family_policy = text("RequireDualStack");
    Profile unstated = single;
    unstated.service_cidrs_given = false;
    CHECK(families(unstated) == Families{v4, v6});
    CHECK(families(single) == Families{v4});
  }
}

TEST_CASE("clusterIPs fill in for clusterIP, and the other way round only here") {
  manifest::Service service;
  service.cluster_ip = text("None");
  CHECK(defaults(service, validate_test::dual_stack()).cluster_ips == std::vector<std::string_view>{"None"});
  service.cluster_ips = texts({"172.31.130.9"});
  CHECK(defaults(service, validate_test::dual_stack()).cluster_ips == std::vector<std::string_view>{"172.31.130.9"});
}

TEST_CASE("ports") {
  manifest::ServicePort port;
  port.port = base::Located<std::int64_t>{80, {}};
  CHECK(target_port(port) == manifest::IntOrString{true, 80, ""});
  port.target_port = base::Located<manifest::IntOrString>{{true, 0, ""}, {}};
  CHECK(target_port(port) == manifest::IntOrString{true, 80, ""});
  port.target_port = base::Located<manifest::IntOrString>{{false, 0, ""}, {}};
  CHECK(target_port(port) == manifest::IntOrString{true, 80, ""});
  port.target_port = base::Located<manifest::IntOrString>{{false, 0, "http"}, {}};
  CHECK(target_port(port) == manifest::IntOrString{false, 0, "http"});
  CHECK(protocol_text({}) == "TCP");
  CHECK(protocol_text(text("")) == "TCP");
  CHECK(protocol_text(text("UDP")) == "UDP");
}

TEST_CASE("wrong words fall back to the API's default") {
  CHECK(parse_type("LoadBalancer") == ServiceType::load_balancer);
  CHECK(parse_type("Headless") == ServiceType::cluster_ip);
  CHECK(parse_traffic_policy("Local") == TrafficPolicy::local);
  CHECK(parse_traffic_policy("local") == TrafficPolicy::cluster);
  CHECK(parse_service_protocol("SCTP") == net::Protocol::sctp);
  CHECK(parse_service_protocol("ICMP") == net::Protocol::tcp);
  CHECK(parse_family("IPv6") == net::Family::ipv6);
  CHECK_FALSE(parse_family("ipv6"));
}

TEST_CASE("a cluster's families") {
  CHECK(cluster_families(validate_test::dual_stack()).dual());
  CHECK(cluster_families(validate_test::single_stack()).stated);
  Profile unknown = validate_test::dual_stack();
  unknown.service_cidrs_known = false;
  CHECK(cluster_families(unknown).configured.empty());
  CHECK_FALSE(cluster_families(unknown).stated);
  CHECK(cluster_families(unknown).primary() == net::Family::ipv4);
}

}  // namespace portcullis::cluster
