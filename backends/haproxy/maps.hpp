// Map files and lists: printed, and read.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/haproxy/haproxy.hpp"

namespace portcullis::haproxy {

// Names of the files.
inline constexpr std::string_view hosts_map = "maps/hosts.map";
inline constexpr std::string_view many_labels_map = "maps/hosts-many-labels.map";
inline constexpr std::string_view one_label_map = "maps/hosts-one-label.map";
inline constexpr std::string_view host_regex_map = "maps/hosts-regex.map";
inline constexpr std::string_view exact_map = "maps/exact.map";
inline constexpr std::string_view prefix_map = "maps/prefix.map";
inline constexpr std::string_view fold_exact_map = "maps/exact-any-case.map";
inline constexpr std::string_view fold_prefix_map = "maps/prefix-any-case.map";
inline constexpr std::string_view slots_map = "maps/slots.map";
inline constexpr std::string_view otherwise_map = "maps/otherwise.map";
inline constexpr std::string_view tls_names_map = "maps/tls-names.map";
inline constexpr std::string_view parts_map = "maps/parts.map";
inline constexpr std::string_view weights_map = "maps/weights.map";
inline constexpr std::string_view shares_map = "maps/shares.map";
inline constexpr std::string_view crt_list = "crt-list.txt";
[[nodiscard]] std::string regex_map(std::uint32_t entry);
[[nodiscard]] std::string ranges_list(std::size_t number);

// How many labels the texts of `many_labels` have, from the most to the fewest, each number once.
[[nodiscard]] std::vector<std::size_t> label_counts(const Configuration& configuration);
// Lists of conditions that choose between the parts of treatments (without the last, which has none), each once.
using Selector = std::vector<std::vector<ir::l7::Condition>>;
[[nodiscard]] Selector selector_of(const Treatment& treatment);
[[nodiscard]] std::vector<Selector> selectors(const Configuration& configuration);
// The largest number of choices that a part has.
[[nodiscard]] std::size_t most_choices(const Configuration& configuration);

// Every map, list of sources and the list of certificates.
void print_maps(const Configuration& configuration, Files& files);

// Of a Secret's name, `ns/name`; empty: the default certificate.
[[nodiscard]] std::string certificate_file(std::string_view secret);

}  // namespace portcullis::haproxy
