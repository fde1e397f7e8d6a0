#include "compiler/manifest/read.hpp"

#include <algorithm>
#include <atomic>
#include <deque>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include "compiler/base/file.hpp"
#include "compiler/base/text.hpp"
#include "compiler/manifest/across.hpp"
#include "compiler/manifest/document.hpp"
#include "compiler/manifest/json.hpp"
#include "compiler/manifest/kinds.hpp"
#include "compiler/manifest/split.hpp"
#include "compiler/manifest/utf8.hpp"
#include "compiler/manifest/walk.hpp"
#include "compiler/manifest/yaml.hpp"

namespace portcullis::manifest {

namespace {

// What one thread takes at a time. Small enough to share out, large enough not to matter.
constexpr std::size_t unit_bytes = std::size_t{1} << 18;

enum class Format : std::uint8_t { yaml, json, either };

struct File {
  InputFile input;
  Format format = Format::yaml;
};

// Pieces of one file that are read together. The result does not depend on how pieces are grouped.
struct Unit {
  const File* file = nullptr;
  std::vector<Piece> pieces;
  Part part;
};

class Reader {
 public:
  Reader(const base::SourceMap& sources, const ReadOptions& options) : sources_(sources), options_(options) {}

  void read(Unit& unit, Tree& tree) const {
    if (unit.file->format != Format::yaml && read_json(unit, tree)) return;
    unit.part.objects.reserve(unit.pieces.size());
    for (const Piece& piece : unit.pieces) read_yaml(unit, piece, tree);
  }

 private:
  // False if the text was only perhaps JSON, and is not.
  bool read_json(Unit& unit, Tree& tree) const {
    const std::string_view text = sources_.text(unit.file->input.id);
    const Source source{unit.file->input.id, text, 0, {}, {}};
    JsonDocuments documents(source, options_.limits);
    DocumentReader reader(unit.file->input, sources_, options_, unit.part);
    Problem problem;
    for (;;) {
      switch (documents.next(tree, problem)) {
        case JsonDocuments::Outcome::document:
          reader.read(tree);
          break;
        case JsonDocuments::Outcome::end:
          return true;
        case JsonDocuments::Outcome::broken:
          if (unit.file->format == Format::either) {
            unit.part = {};
            return false;
          }
          reader.report_broken(problem, text, 0, true);
          break;
      }
    }
  }

  void read_yaml(Unit& unit, const Piece& piece, Tree& tree) const {
    const std::string_view text = sources_.text(unit.file->input.id).substr(piece.begin, piece.end - piece.begin);
    Source source{unit.file->input.id, text, static_cast<std::uint32_t>(piece.begin), {}, {}};
    YamlDocuments documents(source, options_.limits);
    DocumentReader reader(unit.file->input, sources_, options_, unit.part);
    Problem problem;
    for (;;) {
      switch (documents.next(tree, problem)) {
        case YamlDocuments::Outcome::document:
          reader.read(tree);
          break;
        case YamlDocuments::Outcome::end:
          return;
        case YamlDocuments::Outcome::broken: {
          reader.report_broken(problem, text, piece.begin, false);
          // Where a stream could not be cut beforehand, reading goes on at the next document.
          // (The place may be the marker itself, met inside brackets.)
          const std::size_t from = problem.span.begin > piece.begin ? problem.span.begin - piece.begin - 1 : 0;
          const std::size_t next = std::min(text.find("\n---", from), text.size());
          for (const Piece& rest : split_at_markers(text.substr(next))) {
            if (next < text.size())
              read_yaml(unit, {piece.begin + next + rest.begin, piece.begin + next + rest.end}, tree);
          }
          return;
        }
      }
    }
  }

  const base::SourceMap& sources_;
  const ReadOptions& options_;
};

std::vector<Unit> make_units(const std::deque<File>& files, const base::SourceMap& sources) {
  std::vector<Unit> units;
  for (const File& file : files) {
    units.emplace_back().file = &file;
    if (file.format == Format::json) continue;
    std::size_t bytes = 0;
    for (const Piece& piece : split_documents(sources.text(file.input.id))) {
      // What may yet turn out to be JSON is one unit.
      if (bytes >= unit_bytes && file.format == Format::yaml) {
        units.emplace_back().file = &file;
        bytes = 0;
      }
      units.back().pieces.push_back(piece);
      bytes += piece.end - piece.begin;
    }
  }
  return units;
}

void run(std::vector<Unit>& units, const Reader& reader, unsigned jobs) {
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    Tree tree;
    for (std::size_t i = next++; i < units.size(); i = next++) reader.read(units[i], tree);
  };
  std::vector<std::jthread> threads;
  for (unsigned i = 1; i < std::min<std::size_t>(jobs, units.size()); ++i) threads.emplace_back(work);
  work();
}

// A file that the user named should hold an object; something to say already is enough said.
void report_empty(const File& file, const base::SourceMap& sources, base::Diagnostics& diagnostics) {
  const auto end = static_cast<std::uint32_t>(
      std::min<std::size_t>(sources.text(file.input.id).find('\n'), sources.text(file.input.id).size()));
  base::Diagnostic& finding = diagnostics.add(
      "PC1006", fmt::format("`{}` holds no Kubernetes object", base::printable(sources.name(file.input.id))),
      {file.input.id, 0, end});
  finding.severity = base::Severity::warning;
}

// The profile's; the first one where documents contradict each other.
std::optional<unsigned> cluster_version(const std::vector<Unit>& units) {
  for (const Unit& unit : units) {
    for (const Object& object : unit.part.objects) {
      const auto* profile = std::get_if<ClusterProfile>(&object.body);
      if (profile == nullptr || !profile->kubernetes_version) continue;
      if (const auto minor = minor_version(profile->kubernetes_version->value)) return minor;
    }
  }
  return {};
}

Input gather(std::vector<Unit>& units, const base::SourceMap& sources, base::Diagnostics& diagnostics) {
  Input out;
  std::size_t objects = 0;
  for (const Unit& unit : units) objects += unit.part.objects.size();
  out.objects.reserve(objects);
  const std::optional<unsigned> version = cluster_version(units);
  Duplicates duplicates;
  std::vector<Unmodelled> unmodelled;
  for (std::size_t i = 0; i < units.size();) {
    const File& file = *units[i].file;
    bool any = false;
    duplicates.reset();
    for (; i < units.size() && units[i].file == &file; ++i) {
      Part part = std::move(units[i].part);
      any = any || part.documents > 0 || part.unreadable || !part.diagnostics.all().empty();
      if (version && !part.removed.empty()) part.diagnostics = as_of_version(*version, part);
      duplicates.add(part.identities, sources, part.diagnostics);
      std::ranges::move(part.objects, std::back_inserter(out.objects));
      std::ranges::move(part.lost, std::back_inserter(out.lost));
      std::ranges::move(part.other_workloads, std::back_inserter(out.other_workloads));
      std::ranges::move(part.made_secrets, std::back_inserter(out.made_secrets));
      std::ranges::move(part.unmodelled, std::back_inserter(unmodelled));
      out.documents += part.documents;
      out.passed_over += part.passed_over;
      out.unreadable = out.unreadable || part.unreadable;
      diagnostics.merge(std::move(part.diagnostics));
    }
    if (!any && file.input.named) report_empty(file, sources, diagnostics);
  }
  report_unmodelled(unmodelled, diagnostics);
  return out;
}

Input read_files(const std::deque<File>& files, const ReadOptions& options, const base::SourceMap& sources,
                 base::Diagnostics& diagnostics) {
  std::vector<Unit> units = make_units(files, sources);
  const Reader reader(sources, options);
  run(units, reader, std::max(1U, options.jobs));
  return gather(units, sources, diagnostics);
}

// Whether a file met in a directory can hold an object at all: a key `kind` with or without quotes.
bool mentions_kind(std::string_view text) {
  for (std::size_t at = text.find("kind"); at != std::string_view::npos; at = text.find("kind", at + 1)) {
    std::size_t i = at + 4;
    if (i < text.size() && (text[i] == '"' || text[i] == '\'')) ++i;
    while (i < text.size() && (text[i] == ' ' || text[i] == '\t')) ++i;
    if (i < text.size() && text[i] == ':') return true;
  }
  return false;
}

Format format_of(const std::string& path, std::string_view text) {
  if (path.ends_with(".json")) return Format::json;
  return looks_like_json(text) ? Format::either : Format::yaml;
}

}  // namespace

Input read(const std::vector<std::string>& paths, const ReadOptions& options, base::SourceMap& sources,
           base::Diagnostics& diagnostics) {
  bool unreadable = false;
  std::deque<File> files;
  for (const FoundFile& found : find_files(paths, diagnostics, unreadable)) {
    std::string text;
    if (const base::FileError error = base::read_file(found.path, text, options.limits.bytes)) {
      diagnostics.add("PC1001", fmt::format("cannot read `{}`: {}", base::printable(found.path), *error), {});
      unreadable = true;
      continue;
    }
    normalise_encoding(text);
    if (!found.named && !mentions_kind(text)) continue;
    const bool on_disk = found.path != "-";
    const Format format = format_of(found.path, text);
    const base::FileId id = sources.add(on_disk ? found.path : "<stdin>", std::move(text));
    files.push_back({{id, on_disk ? found.path : std::string{}, found.named}, format});
  }
  Input out = read_files(files, options, sources, diagnostics);
  out.unreadable = out.unreadable || unreadable;
  return out;
}

Input read_texts(std::vector<TextFile> texts, const ReadOptions& options, base::SourceMap& sources,
                 base::Diagnostics& diagnostics) {
  std::deque<File> files;
  for (TextFile& file : texts) {
    normalise_encoding(file.text);
    if (!file.named && !mentions_kind(file.text)) continue;
    const Format format = format_of(file.name, file.text);
    files.push_back({{sources.add(std::move(file.name), std::move(file.text)), {}, file.named}, format});
  }
  return read_files(files, options, sources, diagnostics);
}

Input read_text(std::string name, std::string text, bool json, const ReadOptions& options, base::SourceMap& sources,
                base::Diagnostics& diagnostics) {
  if (text.size() > options.limits.bytes) {
    diagnostics.add("PC1001",
                    fmt::format("cannot read `{}`: larger than {} bytes", base::printable(name), options.limits.bytes),
                    {});
    Input out;
    out.unreadable = true;
    return out;
  }
  normalise_encoding(text);
  const base::FileId id = sources.add(std::move(name), std::move(text));
  const std::deque<File> files{{{id, {}, true}, json ? Format::json : Format::yaml}};
  return read_files(files, options, sources, diagnostics);
}

}  // namespace portcullis::manifest
