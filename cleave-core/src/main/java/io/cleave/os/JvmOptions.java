package io.cleave.os;

import java.io.FileInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** What this JVM was started with, as far as its command line and environment tell. */
final class JvmOptions {
    private static final String[] VARIABLES = {"JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"};

    private JvmOptions() {
    }

    /**
     * Whether it was told to check the calls of JNI. Options in files are not seen; HotSpot then says that a handler is not its
     * own, and goes on.
     */
    static boolean checksJni() throws IOException {
        for (String variable : VARIABLES) {
            String value = System.getenv(variable);
            if (value != null && checksJni(value)) {
                return true;
            }
        }
        try (FileInputStream file = new FileInputStream("/proc/self/cmdline")) {
            return checksJni(new String(file.readAllBytes(), StandardCharsets.ISO_8859_1));
        }
    }

    private static boolean checksJni(String options) {
        return options.contains("-Xcheck:jni") || options.contains("-XX:+CheckJNICalls");
    }
}
