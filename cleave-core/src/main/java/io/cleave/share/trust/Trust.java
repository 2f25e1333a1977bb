package io.cleave.share.trust;

import java.io.InvalidClassException;
import java.io.ObjectInputFilter;
import java.io.ObjectInputFilter.FilterInfo;
import java.io.ObjectInputFilter.Status;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The classes that codecs make objects of: none that is known to be abused, and none that the user of this JVM excludes by
 * {@code -Djdk.serialFilter} or {@code -Dcleave.serialFilter}, which are written alike.
 *
 * @param ours what {@code cleave.serialFilter} says, or null
 * @param jvm what the JVM's own filter says, or null
 */
public record Trust(@Nullable ObjectInputFilter ours, @Nullable ObjectInputFilter jvm) {
    private static final String PROPERTY = "cleave.serialFilter";
    private static final String JVM_PROPERTY = "jdk.serialFilter";
    /** The ends of published chains of abuse that the JDK or common libraries hold. */
    private static final Set<String> ABUSED = Set.of("org.apache.commons.collections.functors.",
            "org.apache.commons.collections4.functors.", "org.codehaus.groovy.runtime.", "org.apache.xalan.",
            "com.sun.org.apache.xalan.", "com.sun.rowset.", "org.springframework.beans.factory.",
            "com.mchange.v2.c3p0.", "java.rmi.", "sun.rmi.", "javax.management.", "bsh.", "clojure.");

    private static final @Nullable ObjectInputFilter OURS;
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
        OURS = filter;
        MISTAKE = mistake;
    }

    /**
     * The filters of this moment. The JVM's is asked for as its own streams do, so that a filter factory is heard, too.
     *
     * @return the filters
     * @throws IllegalStateException where one of the filters makes no sense
     */
    public static Trust current() {
        if (!MISTAKE.isEmpty()) {
            throw new IllegalStateException(MISTAKE);
        }
        ObjectInputFilter jvm = ObjectInputFilter.Config.getSerialFilterFactory().apply(null,
                ObjectInputFilter.Config.getSerialFilter());
        return new Trust(OURS, jvm);
    }

    /**
     * Whether there is any filter.
     *
     * @return false where only the classes that are known to be abused are refused
     */
    public boolean isLimited() {
        return ours != null || jvm != null;
    }

    /**
     * Why an object must not be made.
     *
     * @param info the object
     * @return a sentence, or null where it may be made
     */
    public @Nullable String refusal(FilterInfo info) {
        Class<?> type = info.serialClass();
        if (type != null && isAbused(type)) {
            return "the class " + type.getTypeName()
                    + " is known to be abused in attacks on deserialization, and never "
                    + "shared; send what it holds in a class of your own";
        }
        if (ours != null && ours.checkInput(info) == Status.REJECTED) {
            return refused(info, PROPERTY);
        }
        return jvm != null && jvm.checkInput(info) == Status.REJECTED ? refused(info, JVM_PROPERTY) : null;
    }

    private static boolean isAbused(Class<?> type) {
        Class<?> element = type;
        while (element.isArray()) {
            element = element.getComponentType();
        }
        String name = element.getName();
        return ABUSED.stream().anyMatch(name::startsWith);
    }

    private static String refused(FilterInfo info, String property) {
        String words = System.getProperty(property);
        String filter = words != null ? "-D" + property + "=" + words
                : "the JVM's filter (" + property + ", or ObjectInputFilter.Config)";
        return info.serialClass() == null
                ? "a limit of " + filter + " is exceeded at depth " + info.depth() + ", with " + info.references()
                        + " objects and " + info.streamBytes() + " bytes; raise it there"
                : "the class " + info.serialClass().getTypeName() + " is refused by " + filter
                        + "; where the value is to be trusted, admit the class there";
    }

    /**
     * Whether objects of a class may be made.
     *
     * @param type the class
     * @return true where they may
     */
    public boolean admits(Class<?> type) {
        return refusal(new Question(type, -1, 1, 1, 0)) == null;
    }

    /**
     * Insists that objects of a class may be made.
     *
     * @param type the class
     * @throws Untrusted where they may not
     */
    public void require(Class<?> type) {
        requireAll(new Question(type, -1, 1, 1, 0));
    }

    /**
     * The same for all that a filter may ask.
     *
     * @param info the object
     * @throws Untrusted where it must not be made
     */
    public void requireAll(FilterInfo info) {
        String refusal = refusal(info);
        if (refusal != null) {
            throw new Untrusted(refusal);
        }
    }

    /** A class was refused. */
    public static final class Untrusted extends RuntimeException {
        private static final long serialVersionUID = 1L;

        /**
         * A refusal.
         *
         * @param message what is refused, and what to do about it
         */
        public Untrusted(String message) {
            super(message);
        }

        /**
         * The same as codecs throw it.
         *
         * @return an exception with the same message
         */
        public InvalidClassException checked() {
            InvalidClassException checked = new InvalidClassException(getMessage());
            checked.initCause(this);
            return checked;
        }
    }

    /**
     * What a filter is asked about.
     *
     * @param serialClass the object's class, or null where only the limits are asked for
     * @param arrayLength the array's length, or -1
     * @param depth how deep the object is in the value
     * @param references how many objects there are until it
     * @param streamBytes how many bytes there are until it
     */
    public record Question(@Nullable Class<?> serialClass, long arrayLength, long depth, long references,
            long streamBytes) implements FilterInfo {}

    /**
     * The class of a name, as the codec's loader finds it, or as the thread's does.
     *
     * @param className the name
     * @param loader the codec's loader, or null for the JDK's
     * @return the class, not initialised, or null
     */
    public static @Nullable Class<?> find(String className, @Nullable ClassLoader loader) {
        Class<?> type = findIn(className, loader);
        return type != null ? type : findIn(className, Thread.currentThread().getContextClassLoader());
    }

    private static @Nullable Class<?> findIn(String className, @Nullable ClassLoader loader) {
        try {
            return Class.forName(className, false, loader);
        } catch (ClassNotFoundException e) {
            return null;
        }
    }
}
