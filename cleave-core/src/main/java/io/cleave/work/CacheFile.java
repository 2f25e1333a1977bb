package io.cleave.work;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HexFormat;
import java.util.zip.CRC32C;

/** How the file of a cache for workers gets its name, which says whether it is whole. */
public final class CacheFile {
    /** How the names of caches end. */
    public static final String SUFFIX = ".aot";

    private CacheFile() {
    }

    /**
     * The name of a cache with this content.
     *
     * @param key what it depends on
     * @param file the content
     * @return the name
     * @throws IOException where it cannot be read
     */
    public static String name(String key, Path file) throws IOException {
        CRC32C sum = new CRC32C();
        byte[] buffer = new byte[1 << 16];
        try (InputStream in = Files.newInputStream(file)) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                sum.update(buffer, 0, n);
            }
        }
        return key + "-" + HexFormat.of().toHexDigits((int) sum.getValue()) + SUFFIX;
    }

    /**
     * Gives a finished cache its name, by which others find it.
     *
     * @param fresh the file that was made
     * @param key what it depends on
     * @throws IOException where it is not there, or cannot be renamed
     */
    public static void publish(Path fresh, String key) throws IOException {
        Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rw-------"));
        Files.move(fresh, fresh.resolveSibling(name(key, fresh)), StandardCopyOption.ATOMIC_MOVE);
    }
}
