// The API's small grammars: names, label keys and values, addresses and CIDRs (apimachinery util/validation, as of 1.36
// with StrictIPCIDRValidation on).
//
// Each function says what is wrong, one entry a broken clause: the API server reports an error for each, so ours do
// too. Empty: nothing is wrong. An entry continues a sentence that began with the value: 'has 70 characters, 63 is the
// limit'.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/net/address.hpp"

namespace portcullis::cluster {

using Faults = std::vector<std::string>;

// RFC 1123 label: `[a-z0-9]([-a-z0-9]*[a-z0-9])?`, at most 63 bytes.
[[nodiscard]] Faults dns_label(std::string_view text);
// RFC 1035 label: as above, but starts with a letter.
[[nodiscard]] Faults dns_1035_label(std::string_view text);
// RFC 1123 labels joined by dots, at most 253 bytes. The length of a single label is not checked (the API does not).
[[nodiscard]] Faults dns_subdomain(std::string_view text);
// `*.` and an RFC 1123 subdomain.
[[nodiscard]] Faults wildcard_subdomain(std::string_view text);
// A subdomain of at least two labels of at most 63 bytes; one trailing dot is fine. Not for empty text, which the API
// calls missing.
[[nodiscard]] Faults fully_qualified_domain(std::string_view text);
// `[prefix/]name`: label keys, appProtocol, load balancer classes. The name is
// `[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?`, at most 63 bytes; the prefix an RFC 1123 subdomain.
[[nodiscard]] Faults qualified_name(std::string_view text);
// Empty, or as the name of a qualified name.
[[nodiscard]] Faults label_value(std::string_view text);
// Container port names: at most 15 of `[-a-z0-9]`, a letter among them, no hyphen at an end, no two together.
[[nodiscard]] Faults port_name(std::string_view text);
// One element of a URL path: not `.` or `..`, no `/`, no `%`.
[[nodiscard]] Faults path_segment(std::string_view text);
// `domain/path`: an RFC 1123 subdomain, and a path of URL path characters. Not for empty text.
[[nodiscard]] Faults domain_prefixed_path(std::string_view text);

// A name that the API server is to complete (`metadata.generateName`) may end in a hyphen. The name as the grammars are
// to see it.
[[nodiscard]] std::string without_trailing_hyphen(std::string_view prefix);

// An address without leading zeros that is no IPv4-mapped IPv6 one.
[[nodiscard]] Faults ip_address(std::string_view text);
// The same for a CIDR, whose host bits must be zero.
[[nodiscard]] Faults cidr(std::string_view text);
// Addresses that never leave their host or link and so are no endpoints or external IPs: unspecified, loopback,
// link-local.
[[nodiscard]] Faults special_address(const net::Address& address);
// 1–65535.
[[nodiscard]] bool is_port(std::int64_t number);

// What the user probably meant by an address or CIDR that only strictness refuses (`10.0.0.5` for `010.0.0.5`); empty
// if there is no such.
[[nodiscard]] std::string canonical_address(std::string_view text);
[[nodiscard]] std::string canonical_cidr(std::string_view text);

}  // namespace portcullis::cluster
