package io.cleave.cli.lines;

import java.io.Serializable;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A public static method that takes a line of text. It goes to other JVMs by its name: they look for it where the
 * context class loader of the calling thread does.
 */
public final class LineMethod implements Serializable {
    private static final long serialVersionUID = 1L;

    private final String className;
    private final String name;
    /** What it takes: String, or one of its supertypes. */
    private final Class<?> parameter;
    /** Null in another JVM, until it is called there. */
    private transient volatile @Nullable Method method;

    private LineMethod(Method method) {
        className = method.getDeclaringClass().getName();
        name = method.getName();
        parameter = method.getParameterTypes()[0];
        this.method = method;
    }

    /**
     * Looks for the method that fits a String best.
     *
     * @param className the class's binary name
     * @param name the method's name
     * @param loader who knows the class
     * @throws MistakeException where there is none
     */
    public static LineMethod find(String className, String name, ClassLoader loader) throws MistakeException {
        try {
            Class<?> type = Class.forName(className, false, loader);
            if (!Modifier.isPublic(type.getModifiers())) {
                throw new MistakeException("the class " + className + " is not public");
            }
            LineMethod found = new LineMethod(find(type, name));
            if (!found.resolved().canAccess(null)) {
                throw new MistakeException("the class " + className + " is not exported by its module");
            }
            return found;
        } catch (ClassNotFoundException e) {
            throw new MistakeException("there is no class " + className + "; --class takes its full name, and "
                    + "--class-path says where it is");
        } catch (LinkageError e) {
            throw new MistakeException("the class " + className + " cannot be loaded: " + e);
        }
    }

    private static Method find(Class<?> type, String name) throws MistakeException {
        List<Method> named = Arrays.stream(type.getMethods()).filter(method -> method.getName().equals(name)).toList();
        Optional<Method> best = named.stream()
                .filter(method -> Modifier.isStatic(method.getModifiers()) && method.getParameterCount() == 1
                        && method.getParameterTypes()[0].isAssignableFrom(String.class))
                .min(Comparator.comparingInt(LineMethod::distance));
        if (best.isPresent()) {
            return best.get();
        }
        String there = named.stream().map(LineMethod::signature).sorted().distinct().collect(Collectors.joining("; "));
        throw new MistakeException("the class " + type.getName() + " has no public static method " + name
                + "(String)" + (there.isEmpty() ? "" : ", but " + there));
    }

    /** How far what a method takes is from String. */
    private static int distance(Method method) {
        Class<?> parameter = method.getParameterTypes()[0];
        return parameter == String.class ? 0 : parameter == CharSequence.class ? 1 : parameter == Object.class ? 3 : 2;
    }

    private static String signature(Method method) {
        return (Modifier.isStatic(method.getModifiers()) ? "static " : "") + method.getReturnType().getTypeName() + " "
                + method.getName() + Arrays.stream(method.getParameterTypes()).map(Class::getTypeName)
                        .collect(Collectors.joining(", ", "(", ")"));
    }

    /** What it returns. */
    public Class<?> returnType() {
        return resolved().getReturnType();
    }

    /** Its class and name, for people. */
    @Override
    public String toString() {
        return className + "." + name + "(" + parameter.getSimpleName() + ")";
    }

    private Method resolved() {
        return Objects.requireNonNull(method, "found in this JVM");
    }

    /**
     * Calls it.
     *
     * @return its result
     * @throws Exception what it throws
     */
    @Nullable Object call(String line) throws Exception {
        Method known = method;
        if (known == null) {
            ClassLoader loader = Thread.currentThread().getContextClassLoader();
            known = Class.forName(className, true, loader == null ? ClassLoader.getSystemClassLoader() : loader)
                    .getMethod(name, parameter);
            method = known;
        }
        try {
            return known.invoke(null, line);
        } catch (InvocationTargetException e) {
            switch (e.getCause()) {
                case Exception thrown -> throw thrown;
                case Error thrown -> throw thrown;
                case null, default -> throw e;
            }
        }
    }
}
