#include "tests/kernel/permitted.hpp"

#include <cstdlib>
#include <filesystem>
#include <string_view>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/kernel/failure.hpp"
#include "tests/kernel/process.hpp"

namespace portcullis::kernel {
namespace {

std::string why_not_at_all() {
  for (const auto* program : {"nft", "ip"})
    if (!has_program(program)) return fmt::format("there is no program `{}`", program);
  try {
    Namespace probe(NodeSetup{});
    return {};
  } catch (const Failure& failure) {
    return failure.what();
  }
}

bool required() {
  const char* value = std::getenv("PORTCULLIS_KERNEL");
  return value != nullptr && std::string_view(value) == "require";
}

}  // namespace

bool reference_is_here() {
  if (std::filesystem::exists(PORTCULLIS_SHARED "/reference/service-cases.yaml")) return true;
  fmt::print("SKIPPED: the reference data is not at " PORTCULLIS_SHARED "\n");
  return false;
}

bool permitted() {
  static const std::string why = why_not_at_all();
  if (why.empty()) return true;
  if (required()) FAIL("PORTCULLIS_KERNEL=require, but kernel tests can't run here: " << why);
  fmt::print("SKIPPED: kernel tests can't run here: {}\n", why);
  return false;
}

std::string why_not(IptablesVariant variant) {
  try {
    Namespace probe(NodeSetup{});
    const std::string text = "*nat\n:PORTCULLIS-TRY - [0:0]\nCOMMIT\n";
    probe.load({.nft = {}, .iptables = {text}, .ip6tables = {text}, .variant = variant, .noflush = true});
    return {};
  } catch (const Failure& failure) {
    return failure.what();
  }
}

}  // namespace portcullis::kernel
