#include "verifier/bytecode/object.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

#include <fmt/format.h>

namespace portcullis::bytecode {

namespace {

// Numbers of the ELF and BPF specifications.
constexpr std::size_t header_size = 64, section_size = 64, symbol_size = 24, relocation_size = 16, slot_size = 8;
constexpr std::uint16_t relocatable = 1, machine_bpf = 247;
constexpr std::uint32_t kind_program = 1, kind_symbols = 2, kind_strings = 3, kind_long_relocations = 4,
                        kind_relocations = 9;
constexpr std::uint8_t symbol_is_function = 2, symbol_is_section = 3;
constexpr std::uint32_t relocates_constant = 1, relocates_call = 10;

// Thrown in this file only.
struct Broken {
  std::string reason;
};

class Bytes {
 public:
  explicit Bytes(std::span<const std::byte> bytes) : bytes_(bytes) {}

  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] Bytes part(std::uint64_t offset, std::uint64_t size, std::string_view what) const {
    if (offset > bytes_.size() || size > bytes_.size() - offset)
      throw Broken{fmt::format("{} lies outside of the {} bytes", what, bytes_.size())};
    return Bytes(bytes_.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(size)));
  }
  // Little-endian, of at most 8 bytes.
  [[nodiscard]] std::uint64_t number(std::size_t offset, std::size_t size) const {
    const Bytes at = part(offset, size, "a number");
    std::uint64_t value = 0;
    for (std::size_t i = size; i-- > 0;) value = value << 8U | std::to_integer<std::uint64_t>(at.bytes_[i]);
    return value;
  }
  [[nodiscard]] std::uint8_t u8(std::size_t offset) const { return static_cast<std::uint8_t>(number(offset, 1)); }
  [[nodiscard]] std::uint16_t u16(std::size_t offset) const { return static_cast<std::uint16_t>(number(offset, 2)); }
  [[nodiscard]] std::uint32_t u32(std::size_t offset) const { return static_cast<std::uint32_t>(number(offset, 4)); }
  // Up to a zero byte.
  [[nodiscard]] std::string text(std::uint64_t offset) const {
    std::string out;
    for (std::uint64_t i = offset;; ++i) {
      const char c = static_cast<char>(part(i, 1, "a name").u8(0));
      if (c == '\0') return out;
      out += c;
    }
  }

 private:
  std::span<const std::byte> bytes_;
};

struct Section {
  std::string name;
  std::uint32_t kind = 0, link = 0, info = 0;
  Bytes bytes{{}};
};

struct Symbol {
  std::string name;
  std::uint8_t kind = 0;
  std::size_t section = 0;
  std::uint64_t value = 0, size = 0;
};

void check_header(const Bytes& file) {
  const Bytes head = file.part(0, header_size, "the header");
  if (head.u32(0) != 0x464C457FU) throw Broken{"it does not begin as an ELF file"};
  if (head.u8(4) != 2 || head.u8(5) != 1) throw Broken{"it is not of 64 bits, little-endian"};
  if (head.u16(16) != relocatable || head.u16(18) != machine_bpf) throw Broken{"it is no relocatable BPF object"};
  if (head.u16(58) != section_size) throw Broken{"its sections have headers of another size"};
}

std::vector<Section> sections_of(const Bytes& file) {
  const std::size_t count = file.u16(60), names_at = file.u16(62);
  const Bytes table = file.part(file.number(40, 8), count * section_size, "the table of sections");
  std::vector<Section> sections;
  std::vector<std::uint32_t> names;
  for (std::size_t i = 0; i < count; ++i) {
    const Bytes row = table.part(i * section_size, section_size, "a section's header");
    Section section{{}, row.u32(4), row.u32(40), row.u32(44), Bytes({})};
    constexpr std::uint32_t kind_none = 0, kind_empty = 8;  // take no bytes of the file
    if (section.kind != kind_none && section.kind != kind_empty)
      section.bytes = file.part(row.number(24, 8), row.number(32, 8), fmt::format("section {}", i));
    names.push_back(row.u32(0));
    sections.push_back(std::move(section));
  }
  if (names_at >= sections.size() || sections[names_at].kind != kind_strings)
    throw Broken{"its sections have no names"};
  for (std::size_t i = 0; i < count; ++i) sections[i].name = sections[names_at].bytes.text(names[i]);
  return sections;
}

std::vector<Symbol> symbols_of(const std::vector<Section>& sections, std::size_t at) {
  if (at >= sections.size() || sections[at].kind != kind_symbols) throw Broken{"a table of symbols is none"};
  const Section& table = sections[at];
  if (table.link >= sections.size() || sections[table.link].kind != kind_strings)
    throw Broken{"its symbols have no names"};
  if (table.bytes.size() % symbol_size != 0) throw Broken{"its table of symbols has a part of a row"};
  std::vector<Symbol> symbols;
  for (std::size_t i = 0; i < table.bytes.size(); i += symbol_size) {
    const Bytes row = table.bytes.part(i, symbol_size, "a symbol");
    symbols.push_back({sections[table.link].bytes.text(row.u32(0)), static_cast<std::uint8_t>(row.u8(4) & 0xFU),
                       row.u16(6), row.number(8, 8), row.number(16, 8)});
  }
  return symbols;
}

std::vector<Instruction> instructions_of(const Section& text) {
  if (text.bytes.size() % slot_size != 0) throw Broken{"section .text has a part of an instruction"};
  std::vector<Instruction> out;
  for (std::size_t i = 0; i < text.bytes.size(); i += slot_size) {
    const std::uint8_t registers = text.bytes.u8(i + 1);
    out.push_back({text.bytes.u8(i),
                   static_cast<std::uint8_t>(registers & 0xFU),
                   static_cast<std::uint8_t>(registers >> 4U),
                   static_cast<std::int16_t>(text.bytes.u16(i + 2)),
                   static_cast<std::int32_t>(text.bytes.u32(i + 4)),
                   {},
                   {}});
  }
  return out;
}

void relocate(std::vector<Instruction>& instructions, const std::vector<Section>& sections,
              const Section& relocations) {
  const std::vector<Symbol> symbols = symbols_of(sections, relocations.link);
  if (relocations.bytes.size() % relocation_size != 0) throw Broken{"its relocations have a part of a row"};
  for (std::size_t i = 0; i < relocations.bytes.size(); i += relocation_size) {
    const std::uint64_t place = relocations.bytes.number(i, 8);
    const std::uint32_t kind = relocations.bytes.u32(i + 8), number = relocations.bytes.u32(i + 12);
    if (place % slot_size != 0 || place / slot_size >= instructions.size() || number >= symbols.size())
      throw Broken{fmt::format("relocation {} is of nothing", i / relocation_size)};
    if (kind != relocates_constant && kind != relocates_call)
      throw Broken{fmt::format("relocation {} is of the unknown kind {}", i / relocation_size, kind)};
    Instruction& instruction = instructions[static_cast<std::size_t>(place / slot_size)];
    if (!instruction.symbol.empty())
      throw Broken{fmt::format("relocation {} is the second of its place", i / relocation_size)};
    const Symbol& symbol = symbols[number];
    if (symbol.section < sections.size()) instruction.section = sections[symbol.section].name;
    instruction.symbol = symbol.kind == symbol_is_section ? instruction.section : symbol.name;
    if (instruction.symbol.empty())
      throw Broken{fmt::format("relocation {} is of a symbol without a name", i / relocation_size)};
  }
}

// The index of the one section of the name.
std::size_t find_section(const std::vector<Section>& sections, std::string_view name) {
  const auto named = [&](const Section& section) { return section.name == name; };
  if (std::ranges::count_if(sections, named) != 1) throw Broken{fmt::format("it has not one section {}", name)};
  return static_cast<std::size_t>(std::ranges::find_if(sections, named) - sections.begin());
}

std::vector<Function> functions_of(const Bytes& file) {
  check_header(file);
  const std::vector<Section> sections = sections_of(file);
  const std::size_t text = find_section(sections, ".text");
  if (sections[text].kind != kind_program) throw Broken{"section .text holds no program"};
  std::vector<Instruction> instructions = instructions_of(sections[text]);
  std::vector<Function> functions;
  for (std::size_t i = 0; i < sections.size(); ++i) {
    const Section& section = sections[i];
    if (section.kind == kind_relocations && section.info == text) relocate(instructions, sections, section);
    if (section.kind == kind_long_relocations && section.info == text)
      throw Broken{"section .text has relocations with addends"};
  }
  for (std::size_t i = 0; i < sections.size(); ++i) {
    if (sections[i].kind != kind_symbols) continue;
    for (const Symbol& symbol : symbols_of(sections, i)) {
      if (symbol.kind != symbol_is_function || symbol.section != text) continue;
      const std::uint64_t begin = symbol.value / slot_size, size = symbol.size / slot_size;
      if (symbol.value % slot_size != 0 || symbol.size % slot_size != 0 || begin > instructions.size() ||
          size > instructions.size() - begin)
        throw Broken{fmt::format("function {} lies outside of section .text", symbol.name)};
      const auto first = instructions.begin() + static_cast<std::ptrdiff_t>(begin);
      functions.push_back(
          {symbol.name, static_cast<std::size_t>(begin), {first, first + static_cast<std::ptrdiff_t>(size)}});
    }
  }
  return functions;
}

}  // namespace

std::variant<std::vector<Function>, Unreadable> read_object(std::span<const std::byte> bytes) {
  try {
    return functions_of(Bytes(bytes));
  } catch (const Broken& broken) {
    return Unreadable{broken.reason};
  }
}

}  // namespace portcullis::bytecode
