# Before project(): the default build type, and ccache set up so that other build folders and other checkouts share its hits
# (paths below the checkout are hashed as relative ones).
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Debug, Release or RelWithDebInfo" FORCE)
endif()
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

find_program(PINTAIL_CCACHE ccache)
if(PINTAIL_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
    CCACHE_COMPRESSLEVEL=1 CCACHE_SLOPPINESS=time_macros,include_file_mtime,include_file_ctime ${PINTAIL_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_C_COMPILER_LAUNCHER})
endif()
