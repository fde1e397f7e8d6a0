#include "verifier/obligations/routes/reachers.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace portcullis::routes {

namespace {

using net::Address;
using net::Prefix;

// Prefixes lie in one another or apart. What is in one and in none below it is one cell.
struct Cell {
  Prefix prefix;
  std::vector<std::size_t> below;  // the next ones, by index
  std::optional<Address> member;   // nothing: those below are all of it
};

void add_ranges(const Router& router, const ir::l7::Steps& steps, std::set<Prefix>& out) {
  for (const ir::l7::Step& step : steps)
    for (const ir::l7::Condition& condition : step.when) {
      if (condition.kind != ir::l7::Condition::Kind::source_in) continue;
      const std::vector<Prefix>& prefixes = router.ranges.at(condition.number).sources.prefixes();
      out.insert(prefixes.begin(), prefixes.end());
    }
}

// IPv4 clients are IPv4 clients on every socket.
bool is_mapped(const Address& address) {
  const auto plain = Address::parse_sloppy(address.text());
  return plain && *plain != address;
}

std::optional<Address> member_of(const Cell& cell, const std::vector<Cell>& cells) {
  std::vector<std::optional<Address>> tries{cell.prefix.address().next(), cell.prefix.address(), cell.prefix.last()};
  for (const std::size_t below : cell.below) {
    tries.push_back(cells[below].prefix.address().previous());
    tries.push_back(cells[below].prefix.last().next());
  }
  for (const std::optional<Address>& address : tries) {
    if (!address || !cell.prefix.contains(*address) || is_mapped(*address)) continue;
    if (std::ranges::none_of(cell.below, [&](std::size_t i) { return cells[i].prefix.contains(*address); }))
      return address;
  }
  return std::nullopt;
}

// Parents stand before what is below them; the first two are all addresses of each family.
std::vector<Cell> cells_of(const Router& router) {
  std::set<Prefix> ranges;
  for (const ir::l7::Steps& steps : router.treatments) add_ranges(router, steps, ranges);
  for (const ir::l7::HostEntry& entry : router.hosts) add_ranges(router, entry.steps, ranges);
  const std::vector<Prefix> roots{Prefix(Address::v4(0), 0), Prefix(Address::v6({}), 0)};
  for (const Prefix& root : roots) ranges.erase(root);
  std::vector<Prefix> sorted(ranges.begin(), ranges.end());
  std::ranges::stable_sort(sorted, {}, &Prefix::length);
  sorted.insert(sorted.begin(), roots.begin(), roots.end());
  std::vector<Cell> cells;
  for (const Prefix& prefix : sorted) {
    for (std::size_t i = cells.size(); i-- > 0;) {
      if (!cells[i].prefix.contains(prefix)) continue;
      cells[i].below.push_back(cells.size());
      break;
    }
    cells.push_back({prefix, {}, {}});
  }
  for (Cell& cell : cells) cell.member = member_of(cell, cells);
  return cells;
}

// Cells that belong, told from the top.
class Teller {
 public:
  Teller(const std::vector<Cell>& cells, const std::set<std::size_t>& in) : cells_(cells), in_(in) {}

  std::vector<Sources> all() {
    for (const std::size_t root : {std::size_t{0}, std::size_t{1}}) visit(root);
    return std::move(out_);
  }

 private:
  // A cell without members is whatever those below are together.
  [[nodiscard]] bool belongs(std::size_t cell) const {
    if (cells_[cell].member) return in_.contains(cell);
    return std::ranges::all_of(cells_[cell].below, [&](std::size_t below) { return belongs(below); });
  }
  void visit(std::size_t cell) {
    if (!belongs(cell)) {
      for (const std::size_t below : cells_[cell].below) visit(below);
      return;
    }
    const std::size_t at = out_.size();
    out_.push_back({cells_[cell].prefix, {}});
    leave_out(cell, at);
  }
  // What is below a told cell: where it does not belong it is an exception, and what belongs below that is told again.
  void leave_out(std::size_t cell, std::size_t at) {
    for (const std::size_t below : cells_[cell].below) {
      if (belongs(below)) {
        leave_out(below, at);
      } else {
        out_[at].except.push_back(cells_[below].prefix);
        for (const std::size_t deeper : cells_[below].below) visit(deeper);
      }
    }
  }

  const std::vector<Cell>& cells_;
  const std::set<std::size_t>& in_;
  std::vector<Sources> out_;
};

struct Found {
  std::set<std::size_t> cells;
  std::optional<ir::l7::Request> request;
};

void add_once(const std::vector<std::string>& from, std::vector<std::string>& to) {
  for (const std::string& text : from)
    if (std::ranges::find(to, text) == to.end()) to.push_back(text);
}

}  // namespace

std::string Sources::text() const {
  std::string out = prefix.text();
  for (std::size_t i = 0; i < except.size(); ++i) out += (i == 0 ? " except " : ", ") + except[i].text();
  return out;
}

Reachers who_reaches(const Router& router, Question question, smt::Session& session) {
  Reachers out;
  const std::vector<Cell> cells = cells_of(router);
  std::map<std::pair<std::string, bool>, Found> found;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (!cells[i].member) continue;
    question.sources = net::PrefixSet({Prefix::host(*cells[i].member)});
    const Possibilities here = possible(router, question, session);
    add_once(here.open, out.open);
    add_once(here.assumptions, out.assumptions);
    std::map<std::string, const Possible*> best;  // without credentials, if that will do
    for (const Possible& one : here.decisions) {
      for (const std::string& service : one.leaf.services) {
        const Possible*& known = best[service];
        if (known == nullptr || (known->request.authorised && !one.request.authorised)) known = &one;
      }
    }
    for (const auto& [service, one] : best) {
      Found& to = found[{service, one->request.authorised}];
      to.cells.insert(i);
      if (!to.request) to.request = one->request;
    }
  }
  for (const auto& [key, what] : found)
    out.all.push_back({key.first, key.second, Teller(cells, what.cells).all(), *what.request});
  return out;
}

}  // namespace portcullis::routes
