package io.cleave.objects;

import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.DirectMethodHandleDesc;
import java.lang.constant.DynamicConstantDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The class that implements an interface of live objects, made when it is first needed: a hidden class in the
 * interface's package and class loader, which so sees whatever the interface does, and is forgotten with it.
 *
 * <p>
 * <b>Its code</b> is one call in each method: of a method handle of {@link LiveAccess} with the object's fields,
 * which the class knows as an {@link Object}. The handles are its constants, as its class data: so the JIT compiler
 * sees through them, and nothing of Cleave has to be public, or visible to the interface's module.
 *
 * @param <T> the interface
 */
final class LiveClass<T> {
    private static final String FIELDS = "fields";
    private static final DirectMethodHandleDesc CLASS_DATA = ConstantDescs.ofConstantBootstrap(
            MethodHandles.class.describeConstable().orElseThrow(), "classDataAt", ConstantDescs.CD_Object,
            ConstantDescs.CD_int);
    /** What reads the fields of an object of a class that was made here; empty for any other class. */
    private static final ClassValue<AtomicReference<@Nullable MethodHandle>> READERS = new ClassValue<>() {
        @Override
        protected AtomicReference<@Nullable MethodHandle> computeValue(Class<?> type) {
            return new AtomicReference<>();
        }
    };

    private final Class<? extends T> type;
    private final MethodHandle constructor;
    /** By the fields. */
    private final List<MethodHandle> getters;

    private LiveClass(Class<? extends T> type, MethodHandle constructor, List<MethodHandle> getters) {
        this.type = type;
        this.constructor = constructor;
        this.getters = getters;
    }

    /**
     * Makes the class.
     *
     * @param user of the user's, with access to the interface; null where its package must be open
     * @throws IllegalArgumentException where it is not
     */
    static <T> LiveClass<T> make(LiveInterface<T> live, LiveLayout layout, MethodHandles.@Nullable Lookup user) {
        MethodHandles.Lookup lookup = LiveLookup.in(live.type(), user);
        List<Method> methods = new ArrayList<>();
        List<MethodHandle> handles = new ArrayList<>();
        List<MethodHandle> getters = new ArrayList<>();
        for (LiveField _ : live.fields()) {
            getters.add(MethodHandles.identity(Object.class));
        }
        try {
            Set<String> signatures = new HashSet<>();
            for (LiveAccessor accessor : live.accessors()) {
                if (!signatures.add(accessor.method().getName() + MethodType.methodType(
                        accessor.method().getReturnType(), accessor.method().getParameterTypes()))) {
                    continue; // it is inherited on another way, too
                }
                methods.add(accessor.method());
                handles.add(LiveAccess.of(accessor, live.fields().get(accessor.field()),
                        layout.slots().get(accessor.field())));
                if (accessor.verb() == LiveAccessor.Verb.GET) {
                    getters.set(accessor.field(), lookup.unreflect(accessor.method())
                            .asType(MethodType.methodType(Object.class, Object.class)));
                }
            }
            methods.add(Object.class.getMethod("equals", Object.class));
            methods.add(Object.class.getMethod("hashCode"));
            methods.add(Object.class.getMethod("toString"));
            handles.add(LiveAccess.equalsHandle());
            handles.add(LiveAccess.hashHandle());
            handles.add(LiveAccess.textHandle());
            MethodHandles.Lookup own = lookup.defineHiddenClassWithClassData(bytes(live.type(), methods),
                    List.copyOf(handles), true);
            Class<? extends T> type = own.lookupClass().asSubclass(live.type());
            MethodHandle constructor = own.findConstructor(type, MethodType.methodType(void.class, Object.class))
                    .asType(MethodType.methodType(Object.class, Object.class));
            READERS.get(type).set(own.findGetter(type, FIELDS, Object.class)
                    .asType(MethodType.methodType(Object.class, Object.class)));
            return new LiveClass<>(type, constructor, getters);
        } catch (ReflectiveOperationException | LinkageError e) {
            throw new IllegalArgumentException("there cannot be live objects of " + live.type().getTypeName()
                    + ", as no class can be made that implements it: " + e, e);
        }
    }

    private static byte[] bytes(Class<?> type, List<Method> methods) {
        ClassDesc self = ClassDesc.of(type.getName() + "$Live");
        return ClassFile.of().build(self, builder -> {
            builder.withFlags(ClassFile.ACC_FINAL | ClassFile.ACC_SYNTHETIC | ClassFile.ACC_SUPER);
            builder.withInterfaceSymbols(type.describeConstable().orElseThrow());
            builder.withField(FIELDS, ConstantDescs.CD_Object, ClassFile.ACC_PRIVATE | ClassFile.ACC_FINAL);
            builder.withMethodBody(ConstantDescs.INIT_NAME,
                    MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_Object), 0,
                    code -> code.aload(0).invokespecial(ConstantDescs.CD_Object, ConstantDescs.INIT_NAME,
                            ConstantDescs.MTD_void).aload(0).aload(1)
                            .putfield(self, FIELDS, ConstantDescs.CD_Object).return_());
            for (int i = 0; i < methods.size(); i++) {
                method(builder, self, methods.get(i), i);
            }
        });
    }

    /** A method that calls the handle with its number. */
    private static void method(ClassBuilder builder, ClassDesc self, Method method, int number) {
        MethodTypeDesc type = MethodType.methodType(method.getReturnType(), method.getParameterTypes())
                .describeConstable().orElseThrow();
        builder.withMethodBody(method.getName(), type, ClassFile.ACC_PUBLIC, code -> {
            code.ldc(DynamicConstantDesc.ofNamed(CLASS_DATA, ConstantDescs.DEFAULT_NAME,
                    ConstantDescs.CD_MethodHandle, number));
            code.aload(0).getfield(self, FIELDS, ConstantDescs.CD_Object);
            parameters(code, type);
            code.invokevirtual(ConstantDescs.CD_MethodHandle, "invokeExact",
                    type.insertParameterTypes(0, ConstantDescs.CD_Object));
            code.return_(TypeKind.from(type.returnType()));
        });
    }

    private static void parameters(CodeBuilder code, MethodTypeDesc type) {
        for (int i = 0; i < type.parameterCount(); i++) {
            code.loadLocal(TypeKind.from(type.parameterType(i)), code.parameterSlot(i));
        }
    }

    Class<? extends T> type() {
        return type;
    }

    /** An object with certain fields. */
    @SuppressWarnings("unchecked") // the class implements the interface
    T make(LiveFields fields) {
        try {
            return (T) (Object) constructor.invokeExact((Object) fields);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e); // the constructor throws nothing
        }
    }

    /** What a field of an object of the interface has, whoever has made its class. */
    @Nullable Object get(int field, Object object) {
        try {
            return (Object) getters.get(field).invokeExact(object);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalArgumentException("an object cannot be copied, as it has thrown " + e, e);
        }
    }

    /** The fields of an object of such a class; null for any other object. */
    static @Nullable LiveFields fieldsOrNull(Object object) {
        if (!object.getClass().isHidden()) {
            return null;
        }
        MethodHandle reader = READERS.get(object.getClass()).get();
        try {
            return reader == null ? null : (LiveFields) (Object) reader.invokeExact(object);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e); // it reads a field
        }
    }

    /** The fields of an object that is of such a class. */
    static LiveFields fields(Object object) {
        LiveFields fields = fieldsOrNull(object);
        if (fields == null) {
            throw new IllegalArgumentException("a " + object.getClass().getTypeName()
                    + " is no live object; SharedHeap.object and structures of such objects give them");
        }
        return fields;
    }

    /** Whether a value is a handle on an object in a heap. */
    static boolean isLive(@Nullable Object value) {
        return value != null && fieldsOrNull(value) instanceof HeapObject;
    }

    /** Whether both are handles on one object in a heap. */
    static boolean areSame(Object one, @Nullable Object other) {
        return other != null && fieldsOrNull(one) instanceof HeapObject object
                && fieldsOrNull(other) instanceof HeapObject another && object.isSame(another);
    }
}
