package io.cleave.cli.doctor;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** Texts of {@code /proc} and {@code /sys}, and how to read them. */
final class SystemFiles {
    /**
     * A mounted file system.
     *
     * @param place where it is mounted
     * @param type such as "tmpfs"
     * @param options how it is mounted
     */
    record Mount(String place, String type, List<String> options) {}

    private SystemFiles() {
    }

    /** A file's text without blanks around it; empty where it cannot be read. */
    static Optional<String> read(String path) {
        try {
            return Optional.of(Files.readString(Path.of(path), StandardCharsets.ISO_8859_1).strip());
        } catch (IOException | SecurityException e) {
            return Optional.empty();
        }
    }

    /** The choice that is in force in a text such as {@code "always [madvise] never"}; empty where none is. */
    static Optional<String> chosen(String text) {
        int from = text.indexOf('[');
        int to = text.indexOf(']', from + 1);
        return from < 0 || to < 0 ? Optional.empty() : Optional.of(text.substring(from + 1, to));
    }

    /** The soft limit of a name in the text of {@code /proc/PID/limits}; empty for no limit or no such name. */
    static OptionalLong softLimit(String limits, String name) {
        return limits.lines().filter(line -> line.startsWith(name + " "))
                .map(line -> line.substring(name.length()).strip().split("\\s+", -1)[0])
                .filter(word -> word.matches("[0-9]+")).mapToLong(Long::parseLong).findFirst();
    }

    /** A field of {@code /proc/meminfo}: bytes where it has the unit kB, else the plain number. */
    static OptionalLong memory(String meminfo, String field) {
        return meminfo.lines().filter(line -> line.startsWith(field + ":"))
                .map(line -> line.substring(field.length() + 1).strip().split("\\s+", -1))
                .mapToLong(words -> Long.parseLong(words[0]) * (words.length > 1 && words[1].equals("kB") ? 1024 : 1))
                .findFirst();
    }

    /** The file system that a path lies on, by the text of {@code /proc/self/mountinfo}. */
    static Optional<Mount> mountOf(String mountinfo, String path) {
        Mount found = null;
        for (Mount mount : mounts(mountinfo)) {
            String place = mount.place().endsWith("/") ? mount.place() : mount.place() + "/";
            // Of two mounts at one place the later one is seen.
            if ((path + "/").startsWith(place) && (found == null || mount.place().length() >= found.place().length())) {
                found = mount;
            }
        }
        return Optional.ofNullable(found);
    }

    /** All mounts in the text of {@code /proc/self/mountinfo}. */
    static List<Mount> mounts(String mountinfo) {
        List<Mount> mounts = new ArrayList<>();
        for (String line : mountinfo.lines().toList()) {
            String[] halves = line.split(" - ", 2);
            String[] words = halves[0].split(" ", -1);
            if (halves.length == 2 && words.length >= 6) {
                String place = words[4].replace("\\040", " ");
                mounts.add(new Mount(place, halves[1].split(" ", -1)[0], List.of(words[5].split(",", -1))));
            }
        }
        return mounts;
    }
}
