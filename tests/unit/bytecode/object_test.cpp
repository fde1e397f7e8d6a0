// Objects that are none, or only in part.
#include "verifier/bytecode/object.hpp"

#include <algorithm>
#include <cstddef>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "backends/ebpf/program.hpp"
#include "verifier/bytecode/prove.hpp"

namespace portcullis::tests {

namespace {

using Object = std::vector<std::byte>;

Object shipped() {
  const auto program = ebpf::program();
  return {program.begin(), program.end()};
}

bool is_readable(const Object& object) {
  return std::holds_alternative<std::vector<bytecode::Function>>(bytecode::read_object(object));
}

std::string reason(const Object& object) {
  const auto read = bytecode::read_object(object);
  const auto* unreadable = std::get_if<bytecode::Unreadable>(&read);
  return unreadable ? unreadable->reason : std::string();
}

Object with_byte(std::size_t at, unsigned value) {
  Object object = shipped();
  object.at(at) = static_cast<std::byte>(value);
  return object;
}

}  // namespace

TEST_CASE("the shipped object has its functions") {
  const auto read = bytecode::read_object(ebpf::program());
  const auto& functions = std::get<std::vector<bytecode::Function>>(read);
  for (const char* name : {"decide", "choose"}) {
    const auto found = std::ranges::find(functions, name, &bytecode::Function::name);
    REQUIRE(found != functions.end());
    CHECK(found->instructions.size() > 50);
    CHECK(found->instructions.back().code == 0x95);
    std::set<std::string> tables;
    for (const bytecode::Instruction& i : found->instructions) {
      if (!i.symbol.empty()) tables.insert(i.symbol);
      if (!i.symbol.empty()) CHECK(i.section == ".maps");
    }
    CHECK(tables.size() == 3);
  }
}

TEST_CASE("an object that is cut off is refused") {
  const Object whole = shipped();
  // The table of sections is at the end.
  for (std::size_t size = 0; size < whole.size(); size += size < 128 ? 1 : 97) {
    const Object cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    INFO(size);
    CHECK(!is_readable(cut));
    CHECK(!reason(cut).empty());
  }
}

TEST_CASE("an object of another kind is refused") {
  CHECK(reason(with_byte(0, 'x')) == "it does not begin as an ELF file");
  CHECK(reason(with_byte(4, 1)) == "it is not of 64 bits, little-endian");
  CHECK(reason(with_byte(5, 2)) == "it is not of 64 bits, little-endian");
  CHECK(reason(with_byte(16, 2)) == "it is no relocatable BPF object");
  CHECK(reason(with_byte(18, 62)) == "it is no relocatable BPF object");
  CHECK(reason(with_byte(58, 40)) == "its sections have headers of another size");
  CHECK(reason(with_byte(62, 255)) == "its sections have no names");
}

// Whatever a byte says, the answer is a value, and nothing outside of the bytes is read (the preset sanitize sees it).
TEST_CASE("any change is read or refused") {
  std::mt19937 random(7);
  std::size_t refused = 0;
  for (int i = 0; i < 3000; ++i) {
    Object object = shipped();
    // The header, the table of sections at the end, and anything between.
    const std::size_t part = i % 3 == 0 ? 64 : object.size();
    const std::size_t begin = i % 3 == 1 ? object.size() - object.size() / 20 : 0;
    object[begin + random() % (part - begin)] = static_cast<std::byte>(random() & 0xFFU);
    if (!is_readable(object)) ++refused;
  }
  CHECK(refused > 100);
}

TEST_CASE("what cannot be read is not proved") {
  smt::Session session;
  const Object whole = shipped();
  const Object cut(whole.begin(), whole.begin() + 1000);
  for (const bytecode::Theorem& theorem : bytecode::prove_program(cut, "cut", session)) {
    CHECK(theorem.proof.standing == verdict::Standing::unknown);
    CHECK(theorem.proof.reason.starts_with("the object cannot be read: "));
  }
  CHECK(session.queries() == 0);
}

}  // namespace portcullis::tests
