// Maps and lists, read back.
#pragma once

#include <optional>
#include <string_view>

#include "backends/haproxy/haproxy.hpp"

namespace portcullis::haproxy {

// Reads the map files into a configuration whose head is known: forms, ranked. Parts and shares are not among them.
class MapReader {
 public:
  MapReader(const Files& files, Configuration& out) : files_(files), out_(out) {}
  // Nothing: all is well.
  [[nodiscard]] std::optional<ReadError> read();

 private:
  struct Row {
    std::size_t line = 0;
    std::string_view key, value;
  };
  void fail(std::string_view file, std::size_t line, std::string_view message);
  // The rows of a file; none without it.
  [[nodiscard]] std::vector<Row> rows(std::string_view file);
  [[nodiscard]] std::uint32_t number(std::string_view file, const Row& row, std::string_view text);
  [[nodiscard]] std::uint32_t treatment(std::string_view file, const Row& row, std::string_view text);

  void hosts(std::string_view file, std::vector<HostLine>& lines);
  void host_regexes();
  void paths(std::string_view file, std::vector<PathLine>& lines, bool fold);
  void regexes();
  void numbered(std::string_view file, std::vector<std::uint32_t>& list);
  void ranges();
  void tls_names();
  void certificates();

  const Files& files_;
  Configuration& out_;
  std::optional<ReadError> error_;
};

// Whether numbers name something, and whether lines that match the same path stand in the order of their slots.
[[nodiscard]] std::optional<ReadError> check_numbers(const Configuration& configuration);

}  // namespace portcullis::haproxy
