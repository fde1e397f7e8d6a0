#include "compiler/report/trace_output.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace base = portcullis::base;
namespace cluster = portcullis::cluster;
namespace ir = portcullis::ir;
namespace net = portcullis::net;
namespace report = portcullis::report;
namespace trace = portcullis::trace;
using nlohmann::json;

namespace {

trace::Trace sample(const base::SourceMap& sources) {
  trace::Trace t;
  t.packet.src = *net::Address::parse("192.0.2.7");
  t.packet.dst = *net::Address::parse("10.96.0.20");
  t.packet.dport = 80;
  t.node = "node-a";
  t.fate.kind = ir::Fate::Kind::dnat;
  t.fate.affinity_seconds = 600;
  t.fate.targets = {{*net::Address::parse("10.0.1.2"), 8080, 2, true, ir::Then::local, "a"},
                    {*net::Address::parse("10.0.2.2"), 8080, 4, true, ir::Then::drop, "b"}};
  t.hops.push_back({"node-a nat prerouting", "one of two",
                    trace::Because{{1, 5, 8}, "Service default/web", "spec.ports[0].port"}, ""});
  t.hops.push_back({"network", "gone", std::nullopt, ""});
  static_cast<void>(sources);
  return t;
}

}  // namespace

TEST_CASE("trace json: the fields of portcullis/trace/1") {
  base::SourceMap sources;
  sources.add("web.yaml", "a: b\nc: d\n");
  const std::vector<report::TraceAnswer> answers{{sample(sources), std::nullopt, "", ""},
                                                 {std::nullopt, std::nullopt, "{\"src\":\"x\"}", "`dst` is missing"}};
  const json out = json::parse(report::trace_json(cluster::Dialect::nftables, answers, sources));
  CHECK(out["schema"] == "portcullis/trace/1");
  CHECK(out["dialect"] == "nftables");
  const json& first = out["packets"][0];
  CHECK(first["packet"] == json{{"from", "external"},
                                {"src", "192.0.2.7"},
                                {"dst", "10.96.0.20"},
                                {"proto", "TCP"},
                                {"dport", 80},
                                {"ct_state", "new"}});
  CHECK(first["fate"] == "dnat");
  CHECK(first["to"] ==
        json::array({{{"endpoint", "10.0.1.2:8080"}, {"masquerade", true}, {"probability", "1/3"}},
                     {{"endpoint", "10.0.2.2:8080"}, {"masquerade", true}, {"probability", "2/3"}, {"then", "drop"}}}));
  CHECK(first["sticky"] == 600);
  CHECK(first["hops"][0]["because"] ==
        json{{"file", "web.yaml"}, {"line", 2}, {"object", "Service default/web"}, {"field", "spec.ports[0].port"}});
  CHECK(first["hops"][1]["because"].is_null());
  CHECK(out["packets"][1] == json{{"packet", {{"src", "x"}}}, {"error", "`dst` is missing"}});
}

TEST_CASE("trace json: what follows a packet that is left alone") {
  base::SourceMap sources;
  trace::Trace t = sample(sources);
  t.fate = {};
  t.fate.kind = ir::Fate::Kind::none;
  t.fate.masquerade = true;
  t.after = trace::After::refused;
  t.hops.clear();
  const std::vector<report::TraceAnswer> answers{{t, std::nullopt, "", ""}};
  const json out = json::parse(report::trace_json(cluster::Dialect::iptables, answers, sources));
  const json& first = out["packets"][0];
  CHECK(first["fate"] == "none");
  CHECK_FALSE(first.contains("to"));
  CHECK(first["masquerade"] == true);
  CHECK(first["then"] == "refused");
  CHECK(first["sticky"].is_null());
}

TEST_CASE("trace text: hops with their lines, then the fate") {
  base::SourceMap sources;
  sources.add("web.yaml", "a: b\nc: d\n");
  const std::vector<report::TraceAnswer> answers{{sample(sources), std::nullopt, "", ""},
                                                 {std::nullopt, std::nullopt, "{}", "bad \x1b"}};
  CHECK(report::trace_text(answers, sources, false) ==
        "tcp from 192.0.2.7 to 10.96.0.20:80, from outside\n"
        "  node-a nat prerouting  one of two\n"
        "                         web.yaml:2, Service default/web, spec.ports[0].port\n"
        "  network                gone\n"
        "dnat, the same endpoint again for 600 s\n"
        "    1/3  10.0.1.2:8080  marked, but delivered here: the source stays\n"
        "    2/3  10.0.2.2:8080  dropped behind the translation\n"
        "\n"
        "error: bad \\x1b\n"
        "  {}\n");
}

namespace {

trace::RequestTrace request_sample() {
  trace::RequestTrace t;
  t.asked.https = true;
  t.asked.sni = "shop.example.com";
  t.asked.target = "/cart";
  t.asked.headers = {{"Host", "shop.example.com"}, {"Cookie", "a=b"}, {"X", "1"}, {"X", "2"}};
  t.asked.source = net::Address::parse("192.0.2.7");
  t.seen_source = net::Address::parse("10.100.0.2");
  t.router = "nginx";
  t.decision.kind = ir::l7::Decision::Kind::forward;
  t.decision.shares = {{"", 503, 1}, {"default/cart:80", 0, 3}};
  t.decision.target = "/v2/cart";
  t.decision.host = "shop.example.com";
  t.decision.protocol = "http";
  t.hops.push_back({"router nginx", "host `shop.example.com`", std::nullopt, ""});
  return t;
}

}  // namespace

TEST_CASE("trace json: a request, the source that the router sees, and the decision") {
  base::SourceMap sources;
  const std::vector<report::TraceAnswer> answers{{std::nullopt, request_sample(), "", ""}};
  const json out = json::parse(report::trace_json(cluster::Dialect::nftables, answers, sources));
  const json& first = out["packets"][0];
  CHECK(first["packet"] == json{{"url", "https://shop.example.com/cart"},
                                {"method", "GET"},
                                {"headers", {{"Cookie", "a=b"}, {"X", {"1", "2"}}}},
                                {"sni", "shop.example.com"},
                                {"src", "192.0.2.7"}});
  CHECK(first["router"] == "nginx");
  CHECK(first["source"] == "10.100.0.2");
  CHECK(first["decision"] == json{{"decision", "forward"},
                                  {"services", {{"default/cart:80", "3/4"}}},
                                  {"statuses", {{"503", "1/4"}}},
                                  {"path", "/v2/cart"}});
  CHECK(first["hops"][0]["at"] == "router nginx");
}

TEST_CASE("trace text: a request") {
  base::SourceMap sources;
  const std::vector<report::TraceAnswer> answers{{std::nullopt, request_sample(), "", ""}};
  CHECK(report::trace_text(answers, sources, false) ==
        "GET https://shop.example.com/cart from 192.0.2.7 with Cookie=a=b with X=1 with X=2\n"
        "  router nginx  host `shop.example.com`\n"
        "forward status 503 1/4, default/cart:80 3/4\n");
}
