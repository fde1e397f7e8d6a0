#include "compiler/cluster/profile_values.hpp"

#include <charconv>

#include <fmt/format.h>

#include "compiler/manifest/kinds.hpp"

namespace portcullis::cluster {

namespace {

std::optional<std::uint16_t> port_number(std::string_view digits) {
  std::uint16_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size() || value == 0) return {};
  return value;
}

}  // namespace

base::Diagnostic& report_invalid(base::Diagnostics& diagnostics, const SettingPlace& place, std::string message,
                                 std::string hint) {
  base::Diagnostic& finding = diagnostics.add("PC2110", std::move(message), place.span);
  finding.object = place.object;
  finding.field = place.field;
  finding.hint = std::move(hint);
  return finding;
}

void report_contradiction(base::Diagnostics& diagnostics, const SettingPlace& first, const SettingPlace& later) {
  base::Diagnostic& finding = diagnostics.add(
      "PC2111", fmt::format("{} of {} has another value in {}", later.field, later.object.text(), first.object.text()),
      later.span);
  finding.object = later.object;
  finding.field = later.field;
  finding.hint = "the first one is used; give the setting once";
  finding.related.push_back({"the first value", first.span});
}

std::optional<net::Prefix> read_prefix(const manifest::Text& text, const SettingPlace& place,
                                       base::Diagnostics& diagnostics) {
  const auto prefix = net::Prefix::parse_sloppy(base::trim(text.value));
  if (!prefix) {
    report_invalid(diagnostics, place, fmt::format("`{}` is no CIDR", base::printable(text.value)),
                   "a CIDR looks like 10.96.0.0/12 or fd00::/64");
  }
  return prefix;
}

std::optional<net::Address> read_address(const manifest::Text& text, const SettingPlace& place,
                                         base::Diagnostics& diagnostics) {
  const auto address = net::Address::parse_sloppy(text.value);
  if (!address)
    report_invalid(diagnostics, place, fmt::format("`{}` is no IP address", base::printable(text.value)), {});
  return address;
}

std::optional<std::uint16_t> read_port(const Located<std::int64_t>& number, const SettingPlace& place,
                                       base::Diagnostics& diagnostics) {
  if (number.value >= 1 && number.value <= 65535) return static_cast<std::uint16_t>(number.value);
  report_invalid(diagnostics, place, fmt::format("`{}` is no port number", number.value), "ports are 1 to 65535");
  return {};
}

std::optional<net::Protocol> read_protocol(const manifest::Text& text, const SettingPlace& place,
                                           base::Diagnostics& diagnostics) {
  const auto protocol = net::parse_protocol(text.value);
  if (protocol && *protocol != net::Protocol::icmp) return protocol;
  report_invalid(diagnostics, place, fmt::format("`{}` is no protocol of a port", base::printable(text.value)),
                 "it is `TCP`, `UDP` or `SCTP`");
  return {};
}

std::optional<unsigned> read_version(const manifest::Text& text, const SettingPlace& place,
                                     base::Diagnostics& diagnostics) {
  if (const auto minor = manifest::minor_version(text.value)) return minor;
  report_invalid(diagnostics, place, fmt::format("`{}` is no version of Kubernetes", base::printable(text.value)),
                 "a version looks like 1.36");
  return {};
}

std::optional<PortRange> read_port_range(const manifest::Text& text, const SettingPlace& place,
                                         base::Diagnostics& diagnostics) {
  const auto parts = base::split(text.value, '-');
  if (parts.size() == 2) {
    const auto first = port_number(base::trim(parts[0]));
    const auto last = port_number(base::trim(parts[1]));
    if (first && last && *first <= *last) return PortRange{*first, *last};
  }
  report_invalid(diagnostics, place, fmt::format("`{}` is no range of ports", base::printable(text.value)),
                 "a range looks like 30000-32767");
  return {};
}

std::vector<net::Prefix> read_pool(const manifest::Text& text, const SettingPlace& place,
                                   base::Diagnostics& diagnostics) {
  std::vector<net::Prefix> pool;
  for (const std::string_view part : base::split(text.value, ',')) {
    const std::string_view item = base::trim(part);
    if (const auto address = net::Address::parse_sloppy(item)) {
      pool.push_back(net::Prefix::host(*address));
    } else if (const auto prefix = net::Prefix::parse_sloppy(item)) {
      pool.push_back(*prefix);
    } else {
      report_invalid(diagnostics, place, fmt::format("`{}` is neither an address nor a CIDR", base::printable(item)),
                     "a pool is one or more CIDRs, separated by commas");
    }
  }
  return pool;
}

}  // namespace portcullis::cluster
