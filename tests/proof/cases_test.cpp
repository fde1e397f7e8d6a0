// Edits by hand, each of a kind that a prover could miss: what both ways to a proof say of them.
#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "compiler/ir/l4/text.hpp"
#include "tests/engines/engines.hpp"
#include "verifier/obligations/translation.hpp"

namespace {

using namespace portcullis;
using engines::IptablesText;
using obligations::Method;
using verdict::Standing;

constexpr std::string_view program_text = R"(program n1 ipv4 dialect nftables
mark 0x4000
local 172.16.0.1 192.168.0.1
detector cidr 10.244.0.0/16
accepted 192.168.0.1
ranges default/web { 203.0.113.0/25 }
pool default/api:80 tcp { 10.244.0.7:8080 local 10.244.1.7:8080 10.244.1.8:8080 }
pool default/dns:53/udp udp { 10.244.0.9:53 local 10.244.1.9:53 }
pool default/web:80 tcp { 10.244.0.5:8080 local 10.244.1.5:8080 }
stage pre                   default/web:80       tcp 198.51.100.7:80   allow default/web else drop
route service/cluster-ip    default/api:80       tcp 10.96.0.30:80     -> balance default/api:80 masquerade off-cluster
route service/cluster-ip    default/dns:53/udp   udp 10.96.0.53:53     -> balance default/dns:53/udp masquerade off-cluster affinity 600s
route service/cluster-ip    default/web:80       tcp 10.96.0.20:80     -> balance default/web:80 masquerade off-cluster
route service/load-balancer default/web:80       tcp 198.51.100.7:80   from pod -> balance default/web:80 ; from node -> balance default/web:80 masquerade always ; -> balance default/web:80 local
route node-port             default/web:80       tcp @accepted:30080   from pod -> balance default/web:80 ; from node -> balance default/web:80 masquerade always ; -> balance default/web:80 local
stage check                 default/empty:http   tcp 10.96.0.50:80     input forward output new -> reject
stage check                 hygiene              any 10.96.0.0/16      forward output new -> drop
)";

ir::Program program() {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  const auto read = ir::read(sources.add("program.ir", std::string(program_text)), sources, diagnostics);
  REQUIRE(read);
  return *read;
}

// ---- edits of a text

// The line that holds all of `parts`; there is one.
std::size_t line_with(const std::string& text, std::initializer_list<std::string_view> parts) {
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    const std::string_view line = std::string_view(text).substr(at, text.find('\n', at) - at);
    if (std::ranges::all_of(parts, [&](std::string_view p) { return line.find(p) != std::string_view::npos; }))
      return at;
  }
  FAIL("no line with " << *parts.begin());
  return 0;
}

std::size_t end_of(const std::string& text, std::size_t line) {
  return text.find('\n', line) + 1;
}

using Edit = std::function<void(IptablesText&)>;

Edit without(std::initializer_list<std::string_view> parts) {
  return [parts = std::vector<std::string_view>(parts)](IptablesText& t) {
    std::string& text = t.rules;
    const std::size_t at = parts.size() == 1 ? line_with(text, {parts[0]}) : line_with(text, {parts[0], parts[1]});
    text.erase(at, end_of(text, at) - at);
  };
}

Edit twice(std::string_view part) {
  return [part](IptablesText& t) {
    const std::size_t at = line_with(t.rules, {part});
    t.rules.insert(at, t.rules.substr(at, end_of(t.rules, at) - at));
  };
}

// In the first line that holds it.
Edit instead(std::string_view from, std::string_view to) {
  return [from, to](IptablesText& t) {
    const std::size_t at = t.rules.find(from, line_with(t.rules, {from}));
    t.rules.replace(at, from.size(), to);
  };
}

// From the first `from` to the end of the next `to`.
Edit cut(std::string_view from, std::string_view to) {
  return [from, to](IptablesText& t) {
    const std::size_t begin = t.rules.find(from);
    REQUIRE(begin != std::string::npos);
    t.rules.erase(begin, t.rules.find(to, begin) + to.size() - begin);
  };
}

// What somebody else has put in front of ours.
Edit in_front(std::string_view table, std::string_view rule) {
  return [table, rule](IptablesText& t) {
    t.jumps += "*" + std::string(table) + "\n-I PREROUTING 1 " + std::string(rule) + "\nCOMMIT\n";
  };
}

struct Case {
  const char* name;
  Edit edit;
  Standing expected;
};

const std::vector<Case> cases{
    {"nothing", [](IptablesText&) {}, Standing::proved},
    {"a dispatch that is there twice", twice("-d 10.96.0.30/32 -p tcp -m tcp --dport 80"), Standing::proved},
    {"a foreign translation of the whole range before ours",
     in_front("nat", "-d 10.96.0.0/24 -p tcp -j DNAT --to-destination 10.9.9.9:1"), Standing::refuted},
    {"an early accept for one source", in_front("nat", "-s 10.9.8.7/32 -j ACCEPT"), Standing::refuted},
    {"an early return for some sources at one node port",
     in_front("nat", "-s 10.9.0.0/16 -p tcp -m tcp --dport 30080 -j RETURN"), Standing::refuted},
    {"a foreign rule for one port before ours", in_front("nat", "-p tcp -m tcp --dport 80 -j ACCEPT"),
     Standing::refuted},
    {"a foreign rule for a port that nobody has", in_front("nat", "-p tcp -m tcp --dport 81 -j RETURN"),
     Standing::proved},
    {"our mark bit, set by somebody else", in_front("mangle", "-s 10.9.8.0/24 -j MARK --set-xmark 0x4000/0x4000"),
     Standing::refuted},
    {"another mark bit, set by somebody else", in_front("mangle", "-s 10.9.8.0/24 -j MARK --set-xmark 0x1/0x1"),
     Standing::proved},
    {"masquerade tests another bit", instead("--mark 0x4000/0x4000", "--mark 0x8000/0x8000"), Standing::refuted},
    {"a probability of a half where a third belongs", instead("--probability 0.3333", "--probability 0.5333"),
     Standing::refuted},
    {"one translation of another protocol", instead("-p tcp -j DNAT", "-p udp -j DNAT"), Standing::refuted},
    {"one translation to another port", instead("--to-destination 10.244.1.7:8080", "--to-destination 10.244.1.7:8081"),
     Standing::refuted},
    {"one endpoint twice and one missing",
     instead("--to-destination 10.244.1.7:8080", "--to-destination 10.244.1.8:8080"), Standing::refuted},
    {"an endpoint that is another Service's address",
     instead("--to-destination 10.244.1.7:8080", "--to-destination 10.96.0.50:80"), Standing::refuted},
    {"a range of sources that is one bit wider", instead("-s 203.0.113.0/25", "-s 203.0.113.0/24"), Standing::refuted},
    {"affinity for another time", instead("--seconds 600", "--seconds 60"), Standing::refuted},
    {"affinity that one endpoint does not record", cut("-m recent --set", "--rsource "), Standing::refuted},
    {"node ports that nobody jumps to", without({"-A PCL-NAT", "-j PCL-NODEPORTS"}), Standing::refuted},
    {"a Service that nobody jumps to", without({"-d 10.96.0.30/32 -p tcp -m tcp --dport 80"}), Standing::refuted},
    {"a port without endpoints that nobody refuses", without({"-d 10.96.0.50/32", "REJECT"}), Standing::refuted},
    {"an address range that nobody keeps clean", without({"-d 10.96.0.0/16"}), Standing::refuted},
};

verdict::Proof prove(const ir::Program& program, const netfilter::Model& model, Method method) {
  smt::Session session;
  return obligations::prove_translation("case", program, model, netfilter::facts(program), session, method);
}

}  // namespace

TEST_CASE("edits by hand are judged alike by every method") {
  const ir::Program meant = program();
  for (const Case& c : cases) {
    IptablesText text = engines::iptables_text(meant);
    c.edit(text);
    const netfilter::Model model = engines::iptables_model(text, meant);
    for (const Method method : {Method::shapes, Method::each, Method::plain}) {
      const verdict::Proof proof = prove(meant, model, method);
      INFO(c.name << ", method " << static_cast<int>(method) << ": " << proof.reason);
      CHECK(verdict::to_string(proof.standing) == verdict::to_string(c.expected));
    }
  }
}
