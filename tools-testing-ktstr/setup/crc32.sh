#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# crc32.sh FILE: the CRC32 of a file in 8 hexadecimal digits. Of the config fragment it says
# which kernels of the cache were built with it; the Makefile and kernel.sh have it from here.
gzip -nc "$1" | tail -c 8 | od -An -N4 -tx4 | tr -d ' '
