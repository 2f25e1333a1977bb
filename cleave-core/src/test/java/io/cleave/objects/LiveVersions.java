package io.cleave.objects;

import java.lang.classfile.ClassFile;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Map;

/** Interfaces of the same name with other fields, as versions of a program have them. */
final class LiveVersions {
    private LiveVersions() {
    }

    /** A class loader with one class of its own. */
    private static final class Loader extends ClassLoader {
        Loader(ClassLoader parent) {
            super(parent);
        }

        Class<?> define(String name, byte[] bytes) {
            return defineClass(name, bytes, 0, bytes.length);
        }
    }

    /** A public interface with accessors for fields, in a class loader of its own. */
    static Class<?> define(String name, Map<String, Class<?>> fields) {
        return define(name, fields, LiveVersions.class.getClassLoader());
    }

    /** The same below a certain class loader. */
    static Class<?> define(String name, Map<String, Class<?>> fields, ClassLoader parent) {
        byte[] bytes = ClassFile.of().build(ClassDesc.of(name), builder -> {
            builder.withFlags(ClassFile.ACC_PUBLIC | ClassFile.ACC_INTERFACE | ClassFile.ACC_ABSTRACT);
            fields.forEach((field, type) -> {
                ClassDesc described = type.describeConstable().orElseThrow();
                builder.withMethod(field, MethodTypeDesc.of(described), ClassFile.ACC_PUBLIC | ClassFile.ACC_ABSTRACT,
                        _ -> {});
                builder.withMethod(field, MethodTypeDesc.of(ConstantDescs.CD_void, described),
                        ClassFile.ACC_PUBLIC | ClassFile.ACC_ABSTRACT, _ -> {});
            });
        });
        return new Loader(parent).define(name, bytes);
    }

    /** What a field of an object has. */
    static Object get(Object object, String field) throws ReflectiveOperationException {
        return call(object.getClass().getInterfaces()[0].getMethod(field), object);
    }

    /** Lets a field of an object have a value. */
    static void set(Object object, String field, Object value) throws ReflectiveOperationException {
        Class<?> type = object.getClass().getInterfaces()[0];
        Object _ = call(type.getMethod(field, type.getMethod(field).getReturnType()), object, value);
    }

    private static Object call(Method method, Object object, Object... arguments) throws ReflectiveOperationException {
        try {
            return method.invoke(object, arguments);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw e;
        }
    }
}
