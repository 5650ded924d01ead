# Language, warnings (errors, on our targets only), debug information, linker and sanitizers.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
# Line tables are enough for stack traces and keep objects small.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1 -D_GLIBCXX_ASSERTIONS")

add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}=. -fno-omit-frame-pointer)
find_program(PINTAIL_MOLD mold)
if(PINTAIL_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
add_link_options(-Wl,--as-needed)

set(PINTAIL_SANITIZE "" CACHE STRING "Sanitizers to build with, e.g. address,undefined or thread")
if(PINTAIL_SANITIZE)
  # vptr needs type information that libduckdb, which is not instrumented, keeps to itself.
  add_compile_options(-fsanitize=${PINTAIL_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${PINTAIL_SANITIZE})
  if(PINTAIL_SANITIZE MATCHES undefined)
    add_compile_options(-fno-sanitize=vptr)
  endif()
endif()
option(PINTAIL_COVERAGE "Count executed lines (gcov)" OFF)
if(PINTAIL_COVERAGE)
  add_compile_options(--coverage -fprofile-update=atomic)
  add_link_options(--coverage)
endif()

add_library(pintail_warnings INTERFACE)
target_compile_options(pintail_warnings INTERFACE
  -Wall -Wextra -Werror -Wshadow=local -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-align -Wunused
  -Wimplicit-fallthrough -Wextra-semi
  # Options structs are filled by designated initialisers; what is left out has its default.
  -Wno-missing-field-initializers)
if(PINTAIL_SANITIZE)
  # With the sanitizers' checks between, GCC takes what is set for what is not.
  target_compile_options(pintail_warnings INTERFACE -Wno-maybe-uninitialized)
endif()
