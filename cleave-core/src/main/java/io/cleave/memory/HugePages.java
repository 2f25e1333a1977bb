package io.cleave.memory;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.cleave.AllocationException;
import io.cleave.os.Errno;
import io.cleave.os.Mman;
import io.cleave.os.ProcFs;
import io.cleave.os.SystemCallException;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Pages of some MiB, of which one entry of the page tables stands for 512 small ones. */
final class HugePages {
    private HugePages() {
    }

    private static final class Size {
        static final long BYTES = ProcFs.memoryField("/proc/meminfo", "Hugepagesize");
    }

    /** The size of one; -1 where the kernel has none. */
    static long byteSize() {
        return Size.BYTES;
    }

    /** A size rounded up to whole huge pages. */
    static long rounded(long bytes) {
        return (bytes + byteSize() - 1) & -byteSize();
    }

    /**
     * Asks for huge pages in a mapping of a file that has no memory yet, and gives it all its memory. Where the kernel
     * uses none for such files it gets small ones.
     *
     * @throws AllocationException where there is not that much memory
     */
    static void populate(MemorySegment mapped) {
        Mman.madvise(mapped, Mman.MADV_HUGEPAGE); // refused by a kernel that has none, and then without effect
        int result = Mman.madvise(mapped, Mman.MADV_POPULATE_WRITE);
        if (result == -Errno.EFAULT || result == -Errno.ENOMEM) {
            throw new AllocationException(
                    String.format(Locale.ROOT, "no memory for a block of %,d bytes of huge pages; "
                            + "ask for less, or for none of them", mapped.byteSize()));
        }
        if (result != -Errno.EINVAL) { // an old kernel cannot; the file's memory is then reserved in small pages
            SystemCallException.check(result, "madvise(MADV_POPULATE_WRITE)", "");
        }
    }

    /**
     * Puts memory that is there already into huge pages, as far as it fills whole ones and the kernel has some at hand,
     * whatever its settings say of files; for all who map it at a place in memory for huge pages. It takes some tenths of
     * a millisecond for each.
     *
     * @param part of a shared mapping, all of which has memory
     * @return false where the kernel does not do that with such a file
     */
    static boolean collapse(MemorySegment part) {
        long page = byteSize();
        if (page <= 0) {
            return false;
        }
        long from = (part.address() + page - 1) & -page;
        long end = (part.address() + part.byteSize()) & -page;
        if (from >= end) {
            return true;
        }
        return Mman.madvise(part.asSlice(from - part.address(), end - from), Mman.MADV_COLLAPSE) != -Errno.EINVAL;
    }

    /** How many bytes of a mapping lie in huge pages now. */
    static long inForce(long address) {
        String start = Long.toHexString(address) + "-";
        long bytes = 0;
        boolean within = false;
        try (BufferedReader table = Files.newBufferedReader(Path.of("/proc/self/smaps"), ISO_8859_1)) {
            for (String line = table.readLine(); line != null; line = table.readLine()) {
                if (line.indexOf('-') > 0) { // only the first line of a mapping has one
                    if (within) {
                        break;
                    }
                    within = line.startsWith(start);
                } else if (within && (line.startsWith("ShmemPmdMapped:") || line.startsWith("FilePmdMapped:")
                        || line.startsWith("Shared_Hugetlb:") || line.startsWith("Private_Hugetlb:"))) {
                    bytes += 1024 * Long.parseLong(line.replaceAll("[^0-9]", ""));
                }
            }
        } catch (IOException e) {
            return 0; // the table cannot be read
        }
        return bytes;
    }
}
