#include "compiler/policy/waivers.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/policy/bound_world.hpp"
#include "tests/unit/policy/shop.hpp"

namespace portcullis::tests {

namespace {

using Texts = std::vector<std::string>;

base::Diagnostic finding(const std::string& code, const base::ObjectRef& object) {
  base::Diagnostic d;
  d.code = code;
  d.message = object.text();
  d.object = object;
  return d;
}

Texts codes(const base::Diagnostics& diagnostics) {
  Texts out;
  for (const base::Diagnostic& d : diagnostics.all()) out.push_back(d.code + " " + d.message);
  return out;
}

}  // namespace

TEST_CASE("a waiver is about one code and the objects of its pattern") {
  struct Row {
    std::string waiver;  // `CODE on OBJECT`
    std::string code;
    base::ObjectRef object;
    bool waived;
  };
  const Row row = GENERATE(values<Row>({
      {"PC2007 on service shop/web", "PC2007", {"Service", "shop", "web"}, true},
      {"port-name-missing on service shop/web", "PC2007", {"Service", "shop", "web"}, true},
      {"PC2007 on Service shop/web", "PC2008", {"Service", "shop", "web"}, false},
      {"PC2007 on service shop/web", "PC2007", {"Service", "edge", "web"}, false},
      {"PC2007 on service shop/web", "PC2007", {"Service", "shop", "web2"}, false},
      {"PC2007 on pod shop/web-0", "PC2007", {"Service", "shop", "web-0"}, false},
      {"PC2007 on service shop/*", "PC2007", {"Service", "shop", "anything"}, true},
      {"PC2007 on service web", "PC2007", {"Service", "elsewhere", "web"}, true},
      {"PC2007 on service w* in namespace s*", "PC2007", {"Service", "shop", "web"}, true},
      {"PC2007 on service w* in namespace s*", "PC2007", {"Service", "edge", "web"}, false},
      {"PC2007 on network-policy *", "PC2007", {"NetworkPolicy", "shop", "x"}, true},
      {"PC2007 on node n1", "PC2007", {"Node", "", "n1"}, true},
  }));
  INFO(row.waiver << " " << row.object.text());
  const BoundWorld world(shop, {"waive " + row.waiver + " until 2027-01-01 because \"x\""});
  REQUIRE(world.findings() == Texts{});
  base::Diagnostics findings;
  findings.add(finding(row.code, row.object));
  const policy::Waived waived = policy::apply(world.bound.waivers, findings);
  CHECK(waived.matched == std::vector<bool>{row.waived});
  CHECK(waived.waived.size() == (row.waived ? 1 : 0));
  CHECK(waived.remaining.all().size() == (row.waived ? 0 : 1));
}

TEST_CASE("what is left keeps its order, and unused waivers are said") {
  const BoundWorld world(shop, {"waive PC2007 on service shop/web until 2027-01-01 because \"a\"\n"
                                "waive PC2007 on service shop/* until 2027-01-01 because \"b\"\n"
                                "waive PC2008 on service shop/db until 2027-01-01 because \"c\"\n"
                                "waive PC2008 on service shop/db until 2026-01-01 because \"d\"\n"
                                "waive PC2009 on pod web-0 until 2027-01-01 because \"e\"\n"});
  base::Diagnostics findings;
  findings.add(finding("PC2009", {"Service", "shop", "web"}));
  findings.add(finding("PC2007", {"Service", "shop", "web"}));
  findings.add(finding("PC2007", {"Service", "edge", "web"}));
  findings.add(finding("PC2007", {"Service", "shop", "db"}));
  const policy::Waived waived = policy::apply(world.bound.waivers, findings);
  CHECK(codes(waived.remaining) == Texts{"PC2009 Service shop/web", "PC2007 Service edge/web"});
  REQUIRE(waived.waived.size() == 2);
  CHECK(waived.waived[0].waiver == 0);
  CHECK(waived.waived[1].waiver == 1);
  base::Diagnostics unused;
  policy::report_unused(world.bound.waivers, waived.matched, unused);
  CHECK(codes(unused) == Texts{"PC4006 nothing to waive: PC2008 does not fire on Service shop/db",
                               "PC4006 nothing to waive: PC2009 does not fire on Pod web-0"});
  for (const base::Diagnostic& d : unused.all()) CHECK(d.severity == base::Severity::warning);
}

TEST_CASE("an expired waiver waives nothing") {
  const BoundWorld world(shop, {"waive PC2007 on service shop/web until 2026-11-23 because \"a\""});
  REQUIRE(world.bound.waivers.size() == 1);
  CHECK(world.bound.waivers[0].expired);
  base::Diagnostics findings;
  findings.add(finding("PC2007", {"Service", "shop", "web"}));
  CHECK(policy::apply(world.bound.waivers, findings).remaining.all().size() == 1);
}

}  // namespace portcullis::tests
