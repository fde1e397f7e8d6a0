// Sections, read back. What is left open here (fixed lines, spelling) shows when the whole is
// printed again.
#include <algorithm>

#include <fmt/format.h>

#include "backends/haproxy/rewrite.hpp"
#include "backends/haproxy/rules.hpp"
#include "backends/haproxy/sections.hpp"
#include "backends/haproxy/words.hpp"

namespace portcullis::haproxy {

namespace {

using ir::l7::Protocol;

std::optional<std::pair<net::Address, std::uint16_t>> endpoint_of(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto address = net::Address::parse(host);
  const auto port = number_of(text.substr(colon + 1));
  if (!address || !port || *port > 65535) return std::nullopt;
  return std::pair(*address, static_cast<std::uint16_t>(*port));
}

bool has(const std::vector<std::string>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

Protocol protocol_of(const std::vector<std::string>& words) {
  if (has(words, "alpn")) return Protocol::grpcs;
  if (has(words, "proto")) return Protocol::grpc;
  return has(words, "ssl") ? Protocol::https : Protocol::http;
}

}  // namespace

void SectionReader::fail(std::size_t line, std::string message) {
  if (!trouble_) trouble_ = Trouble{line, std::move(message)};
}

SectionReader::SectionReader(std::vector<Treatment>& treatments) {
  for (std::size_t t = 0; t < treatments.size(); ++t)
    for (std::size_t p = 0; p < treatments[t].parts.size(); ++p)
      for (std::size_t c = 0; c < treatments[t].parts[p].choices.size(); ++c)
        expected_.emplace_back(section_name(treatments[t], t, p, c), &treatments[t].parts[p].choices[c].section);
}

void SectionReader::begin(const Line& line, const std::string& name) {
  current_ = nullptr;
  if (next_ == expected_.size() || expected_[next_].first != name) return fail(line.number, "a backend out of order");
  current_ = expected_[next_++].second;
}

Target& SectionReader::target() {
  if (!current_->target) current_->target.emplace();
  return *current_->target;
}

void SectionReader::take(const Line& line) {
  if (trouble_ || line.text.empty()) return;
  const auto words = words_of(line.text);
  if (!words || words->empty()) return fail(line.number, "a quote stays open");
  const std::string& first = words->front();
  if (first == "backend" && words->size() == 2) return begin(line, (*words)[1]);
  if (current_ == nullptr) return fail(line.number, "a line outside of a backend");
  if (first == "description" && words->size() == 2) {
    target().service = (*words)[1];
  } else if (first == "http-request" && words->size() > 2) {
    request(line, *words);
  } else if (first == "cookie" && words->size() > 1) {
    target().cookie = (*words)[1];
  } else if (first == "server" && words->size() > 3) {
    server(line, *words);
  } else if (first != "dynamic-cookie-key") {
    fail(line.number, fmt::format("`{}` is no line of a backend", first));
  }
}

void SectionReader::request(const Line& line, const std::vector<std::string>& words) {
  // What follows from a rewrite.
  if (words[1] == "set-pathq" || (words.size() > 6 && words[4] == "if" && words[6] == "var(txn.new)")) return;
  if (words[1] == "set-var(txn.new)") {
    target().rewrite = read_rewrite(words[2]);
    if (!target().rewrite) fail(line.number, "a rewrite that is not known");
    return;
  }
  if (words[1] == "set-header" && words.size() == 4) {
    if (words[2] != "Host") return;
    std::string host = words[3];
    for (std::size_t at = host.find("%%"); at != std::string::npos; at = host.find("%%", at + 1)) host.erase(at, 1);
    target().host = host;
    return;
  }
  const auto rule = read_rule(words);
  if (!rule) return fail(line.number, "a rule that is not known");
  current_->rules.push_back(*rule);
}

void SectionReader::server(const Line& line, const std::vector<std::string>& words) {
  Target& t = target();
  t.protocol = protocol_of(words);
  if (words[1] == "name") {
    const std::size_t colon = words[2].rfind(':');
    const auto port = colon == std::string::npos ? std::nullopt : number_of(words[2].substr(colon + 1));
    if (!port || *port > 65535) return fail(line.number, "no name with a port");
    t.via = ir::l7::Backend::Via::external;
    t.external = words[2].substr(0, colon);
    t.external_port = static_cast<std::uint16_t>(*port);
    return;
  }
  const auto endpoint = endpoint_of(words[2]);
  if (!endpoint) return fail(line.number, "no address with a port");
  if (words[1].starts_with("cluster-ip")) t.via = ir::l7::Backend::Via::cluster_ip;
  t.servers.push_back(*endpoint);
}

void SectionReader::finish() {
  if (next_ != expected_.size()) return fail(0, fmt::format("there is no backend {}", expected_[next_].first));
  for (auto& [name, section] : expected_) {
    const bool dead = section->target && section->target->dead();
    const bool last_word = !section->rules.empty() && section->rules.back().when.empty();
    if (!dead) {
      if (!section->target && !last_word) return fail(0, fmt::format("backend {} has no last word", name));
      continue;
    }
    // Without servers the last rule is the answer of the target.
    const auto* reply = last_word ? std::get_if<ir::l7::Reply>(&section->rules.back().answer) : nullptr;
    if (reply == nullptr) return fail(0, fmt::format("backend {} has neither servers nor an answer", name));
    section->target->status = reply->status;
    section->rules.pop_back();
  }
}

}  // namespace portcullis::haproxy
