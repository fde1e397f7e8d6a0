# Options and flags shared by every target.
option(PORTCULLIS_TESTS "build the tests" ON)
option(PORTCULLIS_SANITIZE "build with AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
option(PORTCULLIS_FUZZ "build the libFuzzer targets (clang only)" OFF)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_OPTIMIZE_DEPENDENCIES ON)  # a room compiles without waiting for the rooms it uses to be archived

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

# -O3 costs a sixth of the build and gains nothing measurable here.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")

# ccache is used where present; nothing depends on it.
find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
  if(PORTCULLIS_PRECOMPILED)  # a file that uses precompiled headers is cached only if ccache may trust their contents
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE_PROGRAM})
    add_compile_options("$<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>")
  endif()
endif()

# lld links a test in a sixth of the time that GNU ld takes, and there are many; nothing depends on it.
find_program(PORTCULLIS_LLD ld.lld-19)
if(PORTCULLIS_LLD AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_link_options(-fuse-ld=lld-19)
endif()

add_library(portcullis_flags INTERFACE)
target_compile_options(portcullis_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports false positives of these two inside libstdc++ and fmt at -O2.
  target_compile_options(portcullis_flags INTERFACE -Wno-restrict -Wno-maybe-uninitialized)
else()
  # libstdc++ 12's own std::stable_sort calls a function that it has marked deprecated; GCC checks ours all the same.
  target_compile_options(portcullis_flags INTERFACE -Wno-deprecated-declarations)
endif()
target_include_directories(portcullis_flags INTERFACE ${PROJECT_SOURCE_DIR})

if(PORTCULLIS_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
if(PORTCULLIS_FUZZ)
  add_compile_definitions(_GLIBCXX_ASSERTIONS)  # front() of nothing, an index behind the end
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
