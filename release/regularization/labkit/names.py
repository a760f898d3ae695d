"""The parts of Keras that are data alone, by name: what a model that we build again may be made of.

This module needs nothing: graders import it as `autograder.families.keras.names`, learners receive the same file as
`labkit/names.py`, so that a visible check can say what is not taken.
"""

LAYERS = """
Activation ActivityRegularization Add Average Concatenate Dot EinsumDense Dense Embedding Flatten Identity InputLayer
Maximum Minimum Multiply Permute RepeatVector Reshape Subtract UpSampling1D UpSampling2D UpSampling3D
AlphaDropout Dropout GaussianDropout GaussianNoise SpatialDropout1D SpatialDropout2D SpatialDropout3D
ELU LeakyReLU PReLU ReLU Softmax
AveragePooling1D AveragePooling2D AveragePooling3D GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D
GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D MaxPooling1D MaxPooling2D MaxPooling3D
Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D Conv3DTranspose DepthwiseConv1D DepthwiseConv2D SeparableConv1D
SeparableConv2D Cropping1D Cropping2D Cropping3D ZeroPadding1D ZeroPadding2D ZeroPadding3D
BatchNormalization GroupNormalization LayerNormalization RMSNormalization SpectralNormalization
UnitNormalization
Bidirectional ConvLSTM1D ConvLSTM2D GRU GRUCell LSTM LSTMCell Masking RNN SimpleRNN SimpleRNNCell StackedRNNCells
TimeDistributed
AdditiveAttention Attention GroupQueryAttention MultiHeadAttention
CenterCrop RandomBrightness RandomContrast RandomCrop RandomElasticTransform RandomErasing RandomFlip
RandomGaussianBlur RandomInvert RandomPerspective RandomPosterization RandomRotation RandomSharpness
RandomTranslation RandomZoom Rescaling Resizing Solarization
""".split()
INITIALIZERS = """Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity LecunNormal LecunUniform Ones
Orthogonal RandomNormal RandomUniform TruncatedNormal VarianceScaling Zeros""".split()
CONSTRAINTS = "MaxNorm MinMaxNorm NonNeg UnitNorm".split()
# from tensors to tensors: none that calls a function (Map, Scan, Cond) or makes numbers of nothing (Full, Arange)
OF_NUMPY = """
Abs Absolute Add Amax Amin Average Clip Concatenate Divide DivideNoNan Dot Einsum Exp Expm1 ExpandDims Flip Fliplr
Flipud GetItem Hstack Log Log1p Matmul Max Maximum Mean Min Minimum Moveaxis Multiply Negative Pad Power Ravel
Reciprocal Repeat Reshape Roll Rot90 Sign Sin Cos Sqrt Square Squeeze Stack Std Subtract Sum Swapaxes Take Tanh
Tensordot Tile Transpose TrueDivide Var Vstack
""".split()
OF_NETWORKS = """
AveragePool Celu Elu Gelu Glu HardShrink HardSigmoid HardSilu HardTanh LeakyRelu
LogSigmoid LogSoftmax MaxPool Normalize Relu Relu6 Selu Sigmoid Silu SoftShrink Softmax Softplus Softsign Squareplus
TanhShrink
""".split()
OF_MATH = "Erf Logsumexp Rsqrt".split()
OPERATIONS = frozenset([*OF_NUMPY, *OF_NETWORKS, *OF_MATH, "Cast"])
