"""The face operations of Amazon Rekognition, performed on this computer.

What it is. It looks at the pixels of each photo: a face detector (HOG) proposes faces, a small
neural network confirms the doubtful ones and looks alone where the first sees none, a second
network turns each face into 128 numbers, and two faces are called alike when their numbers are
near. The trained files come from dlib's author. Nothing depends on a file's name, and no answer
is prepared in advance.

What it is not. It is not Amazon Rekognition, it was not trained on as many people, and it must not
be used to check anybody's identity. It sees faces that look at the camera (turned by up to about 25
degrees, tilted by up to about 20) and fill at least some 4 % of the longer side of the photo. Its
similarity is a scale of its own, not a probability. Whether somebody wears sunglasses is decided by
a hand-made test, which compares the zone of the eyes with the cheeks; a deep shadow over the eyes
can deceive it. What it cannot measure (smile, age, gender, emotions, eyeglasses, open eyes …) is
left out of the answer, never invented: read such attributes with `.get()`. FaceModelVersion "0.0"
marks every answer as a local one.

Privacy. The numbers of a face are biometric data. They stay in memory, with their collection, and
go with it: `DeleteFaces`, `DeleteCollection`, a reset or the end of the embedded AWS forget them.
So that one run of the workflow need not look at its photo three times, the results of the latest 64
photos are remembered as well, in memory, until a face or a collection is deleted. No photo and no
number is written to the disk or sent anywhere.

The rooms: `api` speaks the protocol, `pictures` fetches the photo, `collections` keeps and compares
faces, `analyst` remembers what was analysed, `face_process` owns the one process that analyses
(`worker`, with `decoding`, `detector`, `sunglasses`, `analysis`). Only that process loads dlib.
"""
