#include "compiler/policy/ports.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace portcullis::policy {

namespace {

std::size_t index_of(net::Protocol protocol) {
  const auto found = std::ranges::find(service_protocols, protocol);
  return static_cast<std::size_t>(found - service_protocols.begin());
}

bool same(const PortNumbers& a, const PortNumbers& b) {
  return a.first == b.first && a.last == b.last;
}

void normalise(std::vector<PortNumbers>& ranges) {
  std::ranges::sort(ranges, {}, &PortNumbers::first);
  std::vector<PortNumbers> out;
  for (const PortNumbers& r : ranges) {
    if (!out.empty() && r.first <= static_cast<std::uint32_t>(out.back().last) + 1) {
      out.back().last = std::max(out.back().last, r.last);
    } else {
      out.push_back(r);
    }
  }
  ranges = std::move(out);
}

std::string text_of(const std::vector<PortNumbers>& ranges, std::string_view suffix) {
  std::string out;
  for (const PortNumbers& r : ranges) {
    if (!out.empty()) out += ' ';
    out += r.first == r.last ? fmt::format("{}{}", r.first, suffix) : fmt::format("{}-{}{}", r.first, r.last, suffix);
  }
  return out;
}

}  // namespace

PortSet PortSet::all() {
  PortSet out;
  out.add({1, 65535}, std::nullopt);
  return out;
}

void PortSet::add(const PortNumbers& numbers, std::optional<net::Protocol> protocol) {
  for (std::size_t i = 0; i < service_protocols.size(); ++i) {
    if (protocol && *protocol != service_protocols[i]) continue;
    ranges_[i].push_back(numbers);
    normalise(ranges_[i]);
  }
}

void PortSet::add(const PortSet& other) {
  for (std::size_t i = 0; i < service_protocols.size(); ++i) {
    ranges_[i].insert(ranges_[i].end(), other.ranges_[i].begin(), other.ranges_[i].end());
    normalise(ranges_[i]);
  }
}

void PortSet::subtract(const PortSet& other) {
  for (std::size_t i = 0; i < service_protocols.size(); ++i) {
    for (const PortNumbers& taken : other.ranges_[i]) {
      std::vector<PortNumbers> rest;
      for (const PortNumbers& r : ranges_[i]) {
        if (r.last < taken.first || taken.last < r.first) {
          rest.push_back(r);
          continue;
        }
        if (r.first < taken.first) rest.push_back({r.first, static_cast<std::uint16_t>(taken.first - 1)});
        if (taken.last < r.last) rest.push_back({static_cast<std::uint16_t>(taken.last + 1), r.last});
      }
      ranges_[i] = std::move(rest);
    }
  }
}

bool PortSet::empty() const {
  return std::ranges::all_of(ranges_, &std::vector<PortNumbers>::empty);
}

bool PortSet::contains(net::Protocol protocol, std::uint16_t port) const {
  return std::ranges::any_of(of(protocol), [&](const PortNumbers& r) { return r.first <= port && port <= r.last; });
}

const std::vector<PortNumbers>& PortSet::of(net::Protocol protocol) const {
  static const std::vector<PortNumbers> none;
  const std::size_t index = index_of(protocol);
  return index < ranges_.size() ? ranges_[index] : none;
}

std::string PortSet::text() const {
  if (*this == all()) return "any port";
  const auto equal = [&](const auto& other) { return std::ranges::equal(ranges_.front(), other, same); };
  if (std::ranges::all_of(ranges_, equal)) return text_of(ranges_.front(), "");
  std::string out;
  for (std::size_t i = 0; i < service_protocols.size(); ++i) {
    if (ranges_[i].empty()) continue;
    if (!out.empty()) out += ' ';
    out += text_of(ranges_[i], fmt::format("/{}", net::lower_name(service_protocols[i])));
  }
  return out;
}

bool PortSet::operator==(const PortSet& other) const {
  return std::ranges::equal(ranges_, other.ranges_,
                            [](const auto& a, const auto& b) { return std::ranges::equal(a, b, same); });
}

}  // namespace portcullis::policy
