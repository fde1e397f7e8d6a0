// Runs a fuzz entry without libFuzzer: on each file of the folders given, on each beginning of it, and on mutations of
// it that are the same in every run.

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

void run(const std::string& bytes) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

void mutate(std::string& bytes, std::mt19937& random) {
  const auto place = [&] { return random() % (bytes.size() + 1); };
  switch (random() % 4) {
    case 0:
      if (!bytes.empty()) bytes[random() % bytes.size()] = static_cast<char>(random());
      break;
    case 1:
      bytes.insert(place(), 1, static_cast<char>(random()));
      break;
    case 2:
      bytes.erase(place(), random() % 16);
      break;
    default:
      bytes.insert(place(), bytes.substr(place(), random() % 64));
      break;
  }
}

void replay(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  run(bytes);
  for (std::size_t cut = 0; cut < bytes.size(); cut += 1 + bytes.size() / 200) run(bytes.substr(0, cut));
  std::mt19937 random(static_cast<unsigned>(bytes.size()));
  for (int i = 0; i < 2000; ++i) {
    std::string changed = bytes;
    for (unsigned n = 1 + random() % 4; n > 0; --n) mutate(changed, random);
    run(changed);
  }
}

}  // namespace

int main(int argc, char** argv) {
  int files = 0;
  for (int i = 1; i < argc; ++i) {
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
      replay(entry.path());
      ++files;
    }
  }
  std::printf("%d files replayed\n", files);
  return files > 0 ? 0 : 1;
}
