package io.cleave.share;

import java.io.ObjectInputFilter;
import org.jspecify.annotations.Nullable;

/** The classes that the user of this JVM lets codecs decode, in the words of {@code jdk.serialFilter}. */
final class Trust {
    private static final String PROPERTY = "cleave.serialFilter";
    private static final @Nullable ObjectInputFilter FILTER;
    /** What is wrong with the words; thrown at each use, as an initialiser's exception is lost after the first. */
    private static final String MISTAKE;

    static {
        String words = System.getProperty(PROPERTY, "");
        ObjectInputFilter filter = null;
        String mistake = "";
        try {
            filter = words.isEmpty() ? null : ObjectInputFilter.Config.createFilter(words);
        } catch (IllegalArgumentException e) {
            mistake = "the system property " + PROPERTY + "=" + words + " cannot be understood: " + e.getMessage()
                    + "; it is written like jdk.serialFilter, as in com.example.**;java.base/*;!*";
        }
        FILTER = filter;
        MISTAKE = mistake;
    }

    private Trust() {
    }

    /** Whether there are such words; throws an exception where they make no sense, which a filter cannot. */
    static boolean isLimited() {
        if (!MISTAKE.isEmpty()) {
            throw new IllegalStateException(MISTAKE);
        }
        return FILTER != null;
    }

    /** What they say of an object that Java serialization is about to make. */
    static ObjectInputFilter.Status check(ObjectInputFilter.FilterInfo info) {
        return FILTER == null ? ObjectInputFilter.Status.UNDECIDED : FILTER.checkInput(info);
    }

    /**
     * Whether they admit a class. One that is not found is not admitted: the codec might find it elsewhere.
     *
     * @param className the class
     * @param loader the codec's, which looks where the thread's loader does where it does not find a class itself
     */
    static boolean admits(String className, ClassLoader loader) {
        Class<?> type = find(className, loader);
        if (type == null) {
            type = find(className, Thread.currentThread().getContextClassLoader());
        }
        return FILTER == null
                || (type != null && FILTER.checkInput(new Question(type)) != ObjectInputFilter.Status.REJECTED);
    }

    private static @Nullable Class<?> find(String className, @Nullable ClassLoader loader) {
        try {
            return Class.forName(className, false, loader);
        } catch (ClassNotFoundException e) {
            return null;
        }
    }

    /** A class alone. */
    private record Question(Class<?> serialClass) implements ObjectInputFilter.FilterInfo {
        @Override
        public long arrayLength() {
            return -1;
        }

        @Override
        public long depth() {
            return 1;
        }

        @Override
        public long references() {
            return 1;
        }

        @Override
        public long streamBytes() {
            return 0;
        }
    }
}
