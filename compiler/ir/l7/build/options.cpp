#include "compiler/ir/l7/build/options.hpp"

#include <algorithm>
#include <charconv>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "compiler/base/text.hpp"

namespace portcullis::ir::l7 {

namespace {

using Set = bool (*)(ControllerOptions&, std::string_view);

template <bool ControllerOptions::* member>
bool set_flag(ControllerOptions& options, std::string_view text) {
  const std::optional<bool> value = parse_bool(text);
  if (value) options.*member = *value;
  return value.has_value();
}
template <std::string ControllerOptions::* member>
bool set_text(ControllerOptions& options, std::string_view text) {
  options.*member = std::string(text);
  return true;
}
bool set_default_backend(ControllerOptions& options, std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == text.size()) return false;
  options.default_backend = ServiceName{std::string(text.substr(0, slash)), std::string(text.substr(slash + 1))};
  return true;
}
bool set_port(ControllerOptions& options, std::string_view text) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, options.ssl_redirect_port);
  return error == std::errc{} && stop == end && options.ssl_redirect_port != 0;
}

struct Option {
  std::string_view name;
  std::string_view expected;
  Set set;
  std::vector<Flavour> flavours;
};

const std::vector<Option>& options_table() {
  using enum Flavour;
  static const std::vector<Option> table{
      {"strictPrefixMatching", "true or false", set_flag<&ControllerOptions::strict_prefix_matching>, {traefik}},
      {"allowEmptyServices", "true or false", set_flag<&ControllerOptions::allow_empty_services>, {traefik}},
      {"classAnnotation",
       "a value of kubernetes.io/ingress.class",
       set_text<&ControllerOptions::class_annotation>,
       {api, nginx, haproxy, haproxy_ingress, traefik}},
      {"withoutClass",
       "true or false",
       set_flag<&ControllerOptions::without_class>,
       {api, nginx, haproxy, haproxy_ingress}},
      {"defaultBackendService", "namespace/name of a Service", set_default_backend, {nginx, haproxy, haproxy_ingress}},
      {"allowSnippets", "true or false", set_flag<&ControllerOptions::allow_snippets>, {nginx}},
      {"sslPassthrough", "true or false", set_flag<&ControllerOptions::ssl_passthrough>, {nginx}},
      {"sslRedirect", "true or false", set_flag<&ControllerOptions::ssl_redirect>, {nginx}},
      {"sslRejectHandshake", "true or false", set_flag<&ControllerOptions::strict_sni>, {nginx}},
      {"allowlistSourceRange", "addresses and prefixes", set_text<&ControllerOptions::source_ranges>, {nginx}},
      {"proxyBodySize", "a size such as 8m", set_text<&ControllerOptions::body_size>, {nginx}},
      {"strictHost", "true or false", set_flag<&ControllerOptions::strict_host>, {haproxy_ingress}},
      {"sslRedirectPort", "a port", set_port, {haproxy}},
      {"tlsByDefault",
       "true or false",
       set_flag<&ControllerOptions::tls_by_default>,
       {api, nginx, haproxy, haproxy_ingress, traefik, gce}},
      {"allowCatchAll",
       "true or false",
       set_flag<&ControllerOptions::allow_catch_all>,
       {api, nginx, haproxy, haproxy_ingress, traefik, gce}},
  };
  return table;
}

void report(const cluster::IngressController& given, const std::string& key, std::string message, std::string hint,
            base::Diagnostics& diagnostics) {
  base::Diagnostic& finding = diagnostics.add("PC2110", std::move(message), given.span);
  finding.field = fmt::format("spec.ingressControllers[].options.{}", base::printable(key));
  finding.hint = std::move(hint);
}

}  // namespace

std::optional<bool> parse_bool(std::string_view text) {
  constexpr std::string_view yes[] = {"1", "t", "T", "true", "TRUE", "True"};
  constexpr std::string_view no[] = {"0", "f", "F", "false", "FALSE", "False"};
  if (std::ranges::find(yes, text) != std::end(yes)) return true;
  if (std::ranges::find(no, text) != std::end(no)) return false;
  return std::nullopt;
}

ControllerOptions read_options(const cluster::IngressController& given, Flavour flavour,
                               base::Diagnostics& diagnostics) {
  ControllerOptions options;
  for (const auto& [key, value] : given.options) {
    const auto& table = options_table();
    const auto known = std::ranges::find_if(table, [&](const Option& option) {
      return option.name == key && std::ranges::find(option.flavours, flavour) != option.flavours.end();
    });
    if (known == table.end()) {
      std::vector<std::string> names;
      for (const Option& option : table) {
        if (std::ranges::find(option.flavours, flavour) == option.flavours.end()) continue;
        names.push_back(fmt::format("`{}`", option.name));
      }
      report(given, key, fmt::format("flavour {} has no option `{}`", to_string(flavour), base::printable(key)),
             names.empty() ? "it has none" : "it has " + base::list_text(names), diagnostics);
      continue;
    }
    if (!known->set(options, value)) {
      report(given, key, fmt::format("`{}` is no value of option `{}`", base::printable(value), key),
             fmt::format("it is {}", known->expected), diagnostics);
    }
  }
  return options;
}

}  // namespace portcullis::ir::l7
