#include "compiler/manifest/timestamp.hpp"

#include <array>
#include <charconv>
#include <chrono>

#include <fmt/format.h>

namespace portcullis::manifest {

namespace {

// A cursor over the text; each step says whether it matched.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}
  [[nodiscard]] bool done() const { return text_.empty(); }
  bool character(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  // `least` … `most` digits whose value lies in [low, high].
  bool number(std::size_t least, std::size_t most, int low, int high, int& value) {
    std::size_t n = 0;
    value = 0;
    while (n < most && n < text_.size() && text_[n] >= '0' && text_[n] <= '9') value = value * 10 + (text_[n++] - '0');
    text_.remove_prefix(n);
    return n >= least && value >= low && value <= high;
  }
  // `.5`, `,5`; absent is fine.
  bool fraction() {
    if (!character('.') && !character(',')) return true;
    std::size_t n = 0;
    while (n < text_.size() && text_[n] >= '0' && text_[n] <= '9') ++n;
    text_.remove_prefix(n);
    return n > 0;
  }

 private:
  std::string_view text_;
};

bool date(Reader& in, std::size_t short_digits) {
  int year = 0, month = 0, day = 0;
  if (!in.number(4, 4, 0, 9999, year) || !in.character('-') || !in.number(short_digits, 2, 1, 12, month) ||
      !in.character('-') || !in.number(short_digits, 2, 1, 31, day)) {
    return false;
  }
  constexpr std::array<int, 12> days{31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  const int last = month == 2 && !leap ? 28 : days.at(static_cast<std::size_t>(month - 1));
  return day <= last;
}

bool time(Reader& in, std::size_t short_digits) {
  int value = 0;
  return in.number(1, 2, 0, 23, value) && in.character(':') && in.number(short_digits, 2, 0, 59, value) &&
         in.character(':') && in.number(short_digits, 2, 0, 59, value) && in.fraction();
}

bool zone(Reader& in) {
  if (in.character('Z')) return true;
  int value = 0;
  return (in.character('+') || in.character('-')) && in.number(2, 2, 0, 24, value) && in.character(':') &&
         in.number(2, 2, 0, 60, value);
}

// The digits at the front of `text`, which loses them and the character behind.
int take_number(std::string_view& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const auto used = static_cast<std::size_t>(end - text.data());
  text.remove_prefix(error == std::errc{} && used < text.size() ? used + 1 : used);
  return value;
}

}  // namespace

bool is_timestamp(std::string_view text) {
  Reader in(text);
  if (!date(in, 1)) return false;
  if (in.done()) return true;
  if (in.character(' ')) return time(in, 1) && in.done();
  if (!in.character('T') && !in.character('t')) return false;
  return time(in, 1) && zone(in) && in.done();
}

bool is_rfc3339(std::string_view text) {
  Reader in(text);
  return date(in, 2) && in.character('T') && time(in, 2) && zone(in) && in.done();
}

std::string in_utc(std::string_view text) {
  if (!is_rfc3339(text)) return {};
  const std::size_t sign = text.find_first_of("+-", text.find('T'));
  std::chrono::minutes east{0};
  if (sign != std::string_view::npos) {
    std::string_view zone_text = text.substr(sign + 1);
    const std::chrono::hours hours{take_number(zone_text)};
    east = hours + std::chrono::minutes{take_number(zone_text)};
    if (text[sign] == '-') east = -east;
  }
  const std::chrono::year year{take_number(text)};
  const std::chrono::month month{static_cast<unsigned>(take_number(text))};
  const std::chrono::day day{static_cast<unsigned>(take_number(text))};
  const std::chrono::hours hours{take_number(text)};
  const std::chrono::minutes minutes{take_number(text)};
  const std::chrono::seconds seconds{take_number(text)};
  const std::chrono::sys_seconds moment = std::chrono::sys_days{year / month / day} + hours + minutes + seconds - east;
  const auto midnight = std::chrono::floor<std::chrono::days>(moment);
  const std::chrono::year_month_day date_part{midnight};
  const std::chrono::hh_mm_ss clock{moment - midnight};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date_part.year()),
                     static_cast<unsigned>(date_part.month()), static_cast<unsigned>(date_part.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

}  // namespace portcullis::manifest
