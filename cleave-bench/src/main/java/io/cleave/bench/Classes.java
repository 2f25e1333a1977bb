package io.cleave.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * Loads classes before a fork. Children of a bare fork share the position in the parent's files: two that load a class
 * from one jar at the same time read from each other's places, and find no class there.
 */
public final class Classes {
    private static final String SUFFIX = ".class";

    private Classes() {
    }

    /**
     * Loads and initialises all classes that stand beside the given ones.
     *
     * @param members a class of each package
     */
    public static void loadPackages(Class<?>... members) {
        for (Class<?> member : members) {
            try {
                loadPackage(member);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (URISyntaxException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    private static void loadPackage(Class<?> member) throws IOException, URISyntaxException {
        Path origin = Path.of(member.getProtectionDomain().getCodeSource().getLocation().toURI());
        String folder = member.getPackageName().replace('.', '/');
        if (Files.isDirectory(origin)) {
            loadFolder(member, origin.resolve(folder));
        } else {
            try (FileSystem jar = FileSystems.newFileSystem(origin)) {
                loadFolder(member, jar.getPath(folder));
            }
        }
    }

    private static void loadFolder(Class<?> member, Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            files.map(file -> file.getFileName().toString()).filter(name -> name.endsWith(SUFFIX))
                    .filter(name -> !name.contains("-info"))
                    .forEach(name -> load(member, name.substring(0, name.length() - SUFFIX.length())));
        }
    }

    private static void load(Class<?> member, String name) {
        try {
            Class.forName(member.getPackageName() + "." + name, true, member.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }
}
